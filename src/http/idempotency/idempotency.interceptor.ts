import { type CallHandler, type ExecutionContext, Injectable, Logger, type NestInterceptor } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { catchError, from, mergeMap, type Observable, of, throwError } from 'rxjs';
import { PROBLEM_CONTENT_TYPE, problemBody, ProblemError } from '../problem.js';
import { pathOf } from '../problem.filter.js';
import { fingerprintOf, idempotencyKeyOf, type IdempotentRequest } from './idempotency-key.js';
import { IdempotencyStore, type StoredAnswer } from './idempotency-store.js';

const JSON_CONTENT_TYPE = 'application/json; charset=utf-8';

/** Refusals that say "not now" or "not like this" instead of "no": a repeat with the same key may fare better. */
const NOT_STORED = new Set([400, 401, 408, 409, 413, 415, 429]);

/**
 * I1: the key is claimed before the handler runs, so of two requests at the same time one runs and one gets 409.
 * I2: an answer is stored only by the execution that holds the claim. It holds it for as long as it runs, and no longer
 *     than a lease after its process has died (claim-leases.ts).
 * I3: a fault frees the key; what the handler did in a transaction is rolled back then, and a repeat runs again.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  private readonly log = new Logger('idempotency');

  constructor(private readonly store: IdempotencyStore) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const key = idempotencyKeyOf(request);
    if (key === null) return next.handle();

    const identity = identityOf(request, key);
    const claimed = await this.store.claim(identity);
    switch (claimed.outcome) {
      case 'done':
        return of(replay(claimed.answer, http.getResponse<FastifyReply>()));
      case 'reused':
        throw new ProblemError({
          code: 'IDEMPOTENCY_KEY_REUSED',
          message: 'this Idempotency-Key belongs to another request: send a new one',
        });
      case 'in-flight':
        throw new ProblemError(
          { code: 'IDEMPOTENCY_IN_FLIGHT', message: 'the first request with this Idempotency-Key is still running: repeat it later' },
          // Most requests are done in a moment; the lease is only for those that died.
          { headers: { 'retry-after': String(Math.min(claimed.retryAfterSeconds, 1)) } },
        );
      case 'claimed':
        return next.handle().pipe(
          mergeMap((answer: unknown) =>
            from(this.keep(identity, claimed.claim, answerOf(answer, http.getResponse<FastifyReply>())).then(() => answer)),
          ),
          catchError((error: unknown) =>
            from(this.afterFailure(identity, claimed.claim, error, request)).pipe(mergeMap(() => throwError(() => error))),
          ),
        );
    }
  }

  private async afterFailure(identity: IdempotentRequest, claim: string, error: unknown, request: FastifyRequest): Promise<void> {
    if (error instanceof ProblemError && error.status < 500 && !NOT_STORED.has(error.status)) {
      const body = JSON.stringify(problemBody(error, { path: pathOf(request), traceId: request.id }));
      return this.keep(identity, claim, { status: error.status, contentType: PROBLEM_CONTENT_TYPE, body });
    }
    await this.store
      .release(identity, claim)
      .catch((fault: unknown) => this.log.warn({ err: fault }, 'a key stays claimed until its lease ends'));
  }

  /** The work is done and committed: that its answer cannot be kept must not turn the answer into an error. */
  private async keep(identity: IdempotentRequest, claim: string, answer: StoredAnswer): Promise<void> {
    try {
      const stored = await this.store.complete(identity, claim, answer);
      if (!stored) this.log.warn({ route: identity.route }, 'an answer came after its key had been taken over, and was not stored');
    } catch (fault) {
      this.log.warn({ err: fault }, 'an answer was not stored');
    }
  }
}

const identityOf = (request: FastifyRequest, key: string): IdempotentRequest => ({
  userId: request.caller?.userId ?? 0,
  route: `${request.method} ${request.routeOptions.url ?? ''}`,
  key,
  fingerprint: fingerprintOf(request),
});

const answerOf = (answer: unknown, reply: FastifyReply): StoredAnswer => ({
  status: reply.statusCode,
  contentType: JSON_CONTENT_TYPE,
  body: answer === undefined ? null : JSON.stringify(answer),
});

function replay({ status, contentType, body }: StoredAnswer, reply: FastifyReply): unknown {
  void reply.status(status).header('idempotency-replayed', 'true');
  if (body === null) return undefined;
  void reply.header('content-type', contentType);
  return JSON.parse(body) as unknown;
}
