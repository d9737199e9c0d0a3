import { randomUUID } from 'node:crypto';
import { type IncomingMessage } from 'node:http';
import { type FastifyInstance } from 'fastify';

/**
 * The id that a request has in logs and problems: the caller's own `X-Request-Id`, else the trace of its `traceparent`
 * (W3C Trace Context), else a new one.
 */
export function requestIdOf(message: Pick<IncomingMessage, 'headers'>): string {
  const own = message.headers['x-request-id'];
  if (typeof own === 'string' && /^[\w.:/+=-]{1,128}$/.test(own)) return own;
  const traceparent = message.headers['traceparent'];
  const trace =
    typeof traceparent === 'string' ? /^[\da-f]{2}-(?!0{32})([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/.exec(traceparent)?.[1] : undefined;
  return trace ?? randomUUID();
}

export function tellRequestId(server: FastifyInstance): void {
  server.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    done();
  });
}
