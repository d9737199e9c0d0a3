import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { GatheringSocket } from './gathering-socket.js';

type Sent = (error?: Error | null) => void;

/** Counts what goes to the system. */
class CountedSocket extends GatheringSocket {
  readonly sends: string[] = [];

  override _write(chunk: Buffer, encoding: BufferEncoding, sent: Sent): void {
    this.sends.push(chunk.toString());
    super._write(chunk, encoding, sent);
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], sent: Sent): void {
    this.sends.push(chunks.map(({ chunk }) => chunk.toString()).join(' '));
    super._writev?.(chunks, sent);
  }
}

const server = createServer();
afterEach(() => new Promise((resolve) => server.close(resolve)));

test('what is written in one turn leaves at once, by whatever promises it was written', async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const socket = new CountedSocket();
  socket.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [[peer]] = await Promise.all([accepted, once(socket, 'connect')]);

  socket.write('BEGIN');
  // As pg does it for a prepared statement.
  socket.cork();
  socket.write('BIND');
  socket.write('EXECUTE');
  socket.uncork();
  await Promise.resolve();
  socket.write('COMMIT');
  expect(socket.sends).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(socket.sends).toEqual(['BEGIN BIND EXECUTE COMMIT']);

  socket.write('alone');
  await new Promise((resolve) => setImmediate(resolve));
  expect(socket.sends.slice(1)).toEqual(['alone']);
  socket.end();
  peer.destroy();
});
