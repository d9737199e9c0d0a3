import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const FORGETS_EVERY = 7;

export interface ForgetfulProxy {
  readonly address: string;
  /** How many answers it has lost. */
  forgotten(): number;
  stop(): Promise<void>;
}

/** Hands every request on, and loses the answer of every seventh write after the shop has done the work. */
export async function forgetfulProxy(target: string): Promise<ForgetfulProxy> {
  let writes = 0;
  let forgotten = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers;
      const body = chunks.length === 0 ? null : Buffer.concat(chunks);
      void fetch(target + request.url, { method: request.method ?? 'GET', headers: headers as Record<string, string>, body }).then(
        async (answer) => {
          const text = await answer.text();
          if (request.method === 'POST' && ++writes % FORGETS_EVERY === 0) {
            forgotten += 1;
            request.socket.destroy();
            return;
          }
          response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' }).end(text);
        },
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forgotten: () => forgotten,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
