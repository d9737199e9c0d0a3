import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Refusal } from '../../kernel/result.js';
import { ProblemError } from '../problem.js';
import { type Caller } from './caller.js';
import { type TokenService } from './token-service.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sends the request; null without a valid token. */
    caller: Caller | null;
    /** Why there is no caller. Public routes do not mind, the others answer 401 with it. */
    callerRefusal: Refusal<'UNAUTHENTICATED'> | null;
  }
}

const NO_TOKEN: Refusal<'UNAUTHENTICATED'> = {
  code: 'UNAUTHENTICATED',
  message: 'send Authorization: Bearer and the access token of your login',
};
const NOT_BEARER: Refusal<'UNAUTHENTICATED'> = {
  code: 'UNAUTHENTICATED',
  message: 'the Authorization header must read Bearer and the access token',
};

/** Finds out who sends a request before its body is read. Whether that is enough is the guard's question. */
export function authenticateRequests(server: FastifyInstance, tokens: TokenService): void {
  server.decorateRequest('caller', null);
  server.decorateRequest('callerRefusal', null);
  server.addHook('onRequest', (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void) => {
    const header = request.headers.authorization;
    if (header === undefined) {
      request.callerRefusal = NO_TOKEN;
      return done();
    }
    const token = bearerTokenOf(header);
    if (token === undefined) {
      request.callerRefusal = NOT_BEARER;
      return done();
    }
    request.caller = tokens.remembered(token) ?? null;
    if (request.caller) return done();
    tokens.verifyAccess(token).then((verdict) => {
      if (verdict.ok) request.caller = verdict.value;
      else request.callerRefusal = verdict.refusal;
      done();
    }, done);
  });
}

export const bearerTokenOf = (header: string | undefined): string | undefined =>
  header === undefined ? undefined : /^Bearer ([\w-]+\.[\w-]*\.[\w-]*)$/i.exec(header)?.[1];

/** 401 with the header that RFC 6750 asks for. */
export function unauthenticated(refusal: Refusal<'UNAUTHENTICATED'> | null): ProblemError {
  const reason = refusal ?? NO_TOKEN;
  const challenge =
    reason === NO_TOKEN
      ? 'Bearer realm="ordersaga"'
      : `Bearer realm="ordersaga", error="invalid_token", error_description="${reason.message}"`;
  return new ProblemError(reason, { headers: { 'www-authenticate': challenge } });
}
