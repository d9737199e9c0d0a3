import { randomUUID } from 'node:crypto';
import replyFrom from '@fastify/reply-from';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { PARTS } from '../../app.module.js';
import { PROBLEM_CONTENT_TYPE, ProblemError, problemBody } from '../../http/problem.js';
import { documentOfAll } from './documents.js';
import { readinessOfAll } from './readiness.js';
import { routesOf } from './routes.js';
import { serveDocsPage } from './docs-page.js';
import { Upstreams } from './upstreams.js';

const BODY_BYTES_MAX = 1_048_576;
const CONNECTIONS_PER_SERVICE_MAX = 256;
/** A payment is answered within 5 s; nothing but a stream takes longer, and streams send heartbeats. */
const ANSWER_MS_MAX = 30_000;
const SILENCE_MS_MAX = 60_000;
const CONNECT_MS_MAX = 2_000;
const RETRY_AFTER_S = 1;

/** One address before all services: it knows which part answers which route, and nothing of what they say. */
export function createGateway(services: ReadonlyMap<string, readonly string[]>): FastifyInstance {
  const gateway = Fastify({ bodyLimit: BODY_BYTES_MAX, genReqId: () => randomUUID(), requestIdHeader: false });
  const upstreamsOf = new Map([...services].map(([part, addresses]) => [part, new Upstreams(addresses)]));
  passBodiesOn(gateway);
  gateway.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => answer(reply, request, problemOf(error)));
  gateway.setNotFoundHandler((request, reply) =>
    answer(reply, request, new ProblemError({ code: 'NOT_FOUND', message: 'there is no such route' })),
  );
  void gateway.register(replyFrom, {
    disableRequestLogging: true,
    undici: {
      connections: CONNECTIONS_PER_SERVICE_MAX,
      headersTimeout: ANSWER_MS_MAX,
      bodyTimeout: SILENCE_MS_MAX,
      connect: { timeout: CONNECT_MS_MAX },
    },
  });
  gateway.get('/health/live', () => ({ status: 'ok' }));
  gateway.get('/health/ready', async (_request, reply) => {
    const readiness = await readinessOfAll(services);
    return reply.status(readiness.status === 'ok' ? 200 : 503).send(readiness);
  });
  gateway.get('/docs/openapi.json', () => documentOfAll(services));
  serveDocsPage(gateway);
  for (const { method, url, part } of routesOf(PARTS)) {
    gateway.route({ method, url, handler: (request, reply) => forward(part, upstreamsOf.get(part), request, reply) });
  }
  return gateway;
}

/** Bytes go through as they came; they are kept whole, so that a request can go to another instance. */
function passBodiesOn(gateway: FastifyInstance): void {
  gateway.removeAllContentTypeParsers();
  gateway.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

function forward(part: string, upstreams: Upstreams | undefined, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const addresses = upstreams?.inTurn() ?? [];
  const ask = (index: number): FastifyReply => {
    const address = addresses[index];
    if (address === undefined) return answer(reply, request, away(part));
    return reply.from(`${address}${request.url}`, {
      ...bodyOf(request),
      rewriteRequestHeaders: (_request, headers) => ({ ...headers, 'x-forwarded-for': request.ip }),
      onError: (failed, { error }) => {
        // Only a connection that never came about is sure to have done nothing.
        if (!neverConnected(error)) return void answer(failed as FastifyReply, request, away(part));
        upstreams?.refused(address);
        ask(index + 1);
      },
    });
  };
  return ask(0);
}

function bodyOf({ body, headers }: FastifyRequest): { body?: Buffer; contentType?: string } {
  return Buffer.isBuffer(body) && body.length > 0 ? { body, contentType: headers['content-type'] ?? 'application/octet-stream' } : {};
}

const neverConnected = (error: Error): boolean => {
  const { code } = ((error.cause ?? error) as { code?: string }) ?? {};
  return code === 'ECONNREFUSED' || code === 'UND_ERR_CONNECT_TIMEOUT';
};

const away = (part: string): ProblemError =>
  new ProblemError(
    { code: 'UNAVAILABLE', message: `the ${part} service does not answer; repeat the request` },
    { headers: { 'retry-after': String(RETRY_AFTER_S) } },
  );

function problemOf(error: Error & { statusCode?: number }): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error.statusCode === 413) return new ProblemError({ code: 'PAYLOAD_TOO_LARGE', message: 'the body may have 1 MiB' });
  if (error.statusCode && error.statusCode < 500) return new ProblemError({ code: 'VALIDATION_FAILED', message: error.message });
  return new ProblemError({ code: 'UNAVAILABLE', message: 'the gateway could not pass the request on; repeat it' });
}

function answer(reply: FastifyReply, request: FastifyRequest, problem: ProblemError): FastifyReply {
  return reply
    .status(problem.status)
    .headers({ ...problem.headers, 'cache-control': 'no-store', 'x-request-id': request.id })
    .header('content-type', PROBLEM_CONTENT_TYPE)
    .send(problemBody(problem, { path: request.url.split('?', 1)[0] ?? request.url, traceId: request.id }));
}
