import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedEvent {
  readonly id: string;
  readonly [attribute: string]: unknown;
}

export interface Request {
  readonly headers: IncomingMessage['headers'];
  readonly events: readonly ReceivedEvent[];
}

/** What the server does with a request: answers so, or nothing at all. */
export type Behaviour = (request: Request) => { readonly status: number; readonly body?: string; readonly location?: string } | 'hang';

export interface ReceivingServer {
  readonly url: string;
  readonly secret: string;
  /** Every request that was signed rightly. */
  readonly requests: Request[];
  /** From now on. */
  behave(behaviour: Behaviour): void;
  close(): Promise<void>;
}

const TOLERANCE_SECONDS = 300;
export const TAKES_ALL: Behaviour = () => ({ status: 204 });

/** A data platform of its own, on loopback, that believes only what is signed (Standard Webhooks), as a receiver should. */
export async function startReceivingServer(): Promise<ReceivingServer> {
  const secret = `whsec_${Buffer.from('a secret of the data platform').toString('base64')}`;
  const requests: Request[] = [];
  let behaviour = TAKES_ALL;

  const receive = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    if (!isSigned(message.headers, body, secret)) return void response.writeHead(401).end();
    const request = { headers: message.headers, events: JSON.parse(body) as ReceivedEvent[] };
    requests.push(request);
    const answer = behaviour(request);
    if (answer === 'hang') return;
    const { status, body: text = '', location } = answer;
    response.writeHead(status, { 'content-type': 'application/json', ...(location ? { location } : {}) }).end(text);
  };

  const server = createServer((message, response) => void receive(message, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/paid-orders`,
    secret,
    requests,
    behave: (next) => (behaviour = next),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function isSigned(headers: IncomingMessage['headers'], body: string, secret: string): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
  if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const expected = Buffer.from(
    `v1,${createHmac('sha256', key)
      .update(`${String(id)}.${String(timestamp)}.${body}`)
      .digest('base64')}`,
  );
  return String(signatures)
    .split(' ')
    .some((signature) => signature.length === expected.length && timingSafeEqual(Buffer.from(signature), expected));
}
