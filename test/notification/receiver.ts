import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ReceivedRequest {
  readonly headers: IncomingHttpHeaders;
  readonly payload: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

/** Somebody who gets webhooks, and answers as told. */
export async function startReceiver() {
  const received: ReceivedRequest[] = [];
  const behaviour: { answer: (response: ServerResponse) => void } = { answer: (response) => response.writeHead(204).end() };
  const server = createServer((request, response) => {
    void text(request).then((payload) => {
      received.push({ headers: request.headers, payload, body: JSON.parse(payload) as ReceivedRequest['body'] });
      behaviour.answer(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    ids: (): unknown[] => received.map(({ headers }) => headers['webhook-id']),
    answerWith(answer: number | ((response: ServerResponse) => void)): void {
      behaviour.answer = typeof answer === 'number' ? (response) => response.writeHead(answer).end() : answer;
    },
    async stop(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
