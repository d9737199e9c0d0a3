import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { ProblemError } from '../problem.js';
import { networkOf } from './network.js';
import { RateLimiter, type RateLimitVerdict } from './rate-limiter.js';

/** Probes, scrapers and the documentation's files are not what the limit is for. */
const EXEMPT = /^\/(?:health|metrics|docs)(?:[/?]|$)/;

/** Limits every caller before the body is read: users by their id, everybody else by network address. 0 is no limit. */
export function limitRequests(server: FastifyInstance, perMinute: number): void {
  if (perMinute === 0) return;
  const limiter = new RateLimiter(perMinute);
  server.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    if (EXEMPT.test(request.url)) return done();
    const verdict = limiter.take(request.caller?.userId ?? networkOf(request.ip), performance.now());
    tellLimit(reply, 'default', perMinute, verdict);
    return verdict.allowed ? done() : done(rateLimited(verdict));
  });
}

/** The headers of draft-ietf-httpapi-ratelimit-headers. */
export function tellLimit(reply: FastifyReply, policy: string, perMinute: number, { remaining, resetSeconds }: RateLimitVerdict): void {
  void reply
    .header('ratelimit-policy', `"${policy}";q=${perMinute};w=60`)
    .header('ratelimit', `"${policy}";r=${remaining};t=${resetSeconds}`);
}

export const rateLimited = ({ retryAfterSeconds }: RateLimitVerdict): ProblemError =>
  new ProblemError(
    { code: 'RATE_LIMITED', message: `too many requests: repeat in ${retryAfterSeconds} s`, details: { retryAfterSeconds } },
    { headers: { 'retry-after': String(retryAfterSeconds) } },
  );
