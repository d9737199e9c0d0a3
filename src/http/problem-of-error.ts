import { HttpException } from '@nestjs/common';
import { Overloaded, Unavailable } from '../kernel/faults.js';
import { ProblemError, validationFailed } from './problem.js';
import { codeOfStatus } from './problem-codes.js';

export interface Classified {
  readonly problem: ProblemError;
  /** Set when something is broken on our side: to be logged, never to be told. */
  readonly fault?: unknown;
}

const RETRY_AFTER_UNAVAILABLE_SECONDS = '2';

/** Errors of Node's sockets and of PostgreSQL that say "not now": no connection, shutting down, too many clients. */
const DATABASE_AWAY = /^(?:ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|ETIMEDOUT|57P0[1-5]|08\w{3}|53300)$/;
/** What `pg` says without a code. */
const DATABASE_AWAY_MESSAGE =
  /^(?:timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error)/;

/** Any thrown value as the problem to answer with. Only faults keep their cause, for the log. */
export function problemOfError(error: unknown): Classified {
  if (error instanceof ProblemError) return { problem: error };
  if (error instanceof Overloaded) return { problem: busy('OVERLOADED', 'too many requests at once', String(error.retryAfterSeconds)) };
  if (error instanceof Unavailable || isDatabaseAway(error)) {
    return { problem: busy('UNAVAILABLE', 'a part of the shop is away for a moment', RETRY_AFTER_UNAVAILABLE_SECONDS), fault: error };
  }
  const known = KNOWN[codeOf(error) ?? ''];
  if (known) return { problem: known() };
  const status = statusOf(error);
  if (status !== undefined && status < 500) {
    return { problem: new ProblemError({ code: codeOfStatus(status), message: DETAILS[status] ?? 'the request was refused' }) };
  }
  return { problem: new ProblemError({ code: 'INTERNAL', message: INTERNAL_DETAIL }), fault: error };
}

const INTERNAL_DETAIL = 'something went wrong on our side; quote the traceId when you report it';

const busy = (code: string, what: string, retryAfter: string): ProblemError =>
  new ProblemError({ code, message: `${what}; repeat the request later` }, { headers: { 'retry-after': retryAfter } });

const body = (message: string) => (): ProblemError => validationFailed([{ path: 'body', message }]);

/** Fastify's own errors, by the part of the request that they are about. Its messages change; ours are stable. */
const KNOWN: Readonly<Record<string, () => ProblemError>> = {
  FST_ERR_BAD_URL: () => validationFailed([{ path: 'url', message: 'percent-encode the path as UTF-8' }]),
  FST_ERR_MAX_PARAM_LENGTH: () => validationFailed([{ path: 'url', message: 'shorten the path' }]),
  FST_ERR_CTP_INVALID_JSON_BODY: body('send valid JSON'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: body('send as many bytes as Content-Length says'),
  FST_ERR_CTP_BODY_TOO_LARGE: () => new ProblemError({ code: 'PAYLOAD_TOO_LARGE', message: 'the body may have 1 MiB at most' }),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => new ProblemError({ code: 'UNSUPPORTED_MEDIA_TYPE', message: 'send the body as application/json' }),
};

const DETAILS: Readonly<Record<number, string>> = {
  403: 'this is not yours to do',
  404: 'there is nothing at this address',
  408: 'the request took too long to arrive',
};

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The status that an error of the web framework asks for. Other errors do not get to choose one. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  if (!(error instanceof Error) || !codeOf(error)?.startsWith('FST_')) return undefined;
  return 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // A connection refused on every address arrives as an AggregateError that has the code.
  return DATABASE_AWAY.test(codeOf(error) ?? '') || DATABASE_AWAY_MESSAGE.test(error.message);
}
