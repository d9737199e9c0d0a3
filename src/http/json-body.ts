import { isUtf8 } from 'node:buffer';
import { type FastifyInstance, type FastifyRequest } from 'fastify';
import { type FieldError, ProblemError, validationFailed } from './problem.js';

/** No request of ours nests deeper than 5; the limit keeps every later recursion over the body safe. */
const NESTING_DEPTH_MAX = 32;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * JSON is the only body this API takes. What PostgreSQL cannot store (NUL, half a surrogate pair) and what could hurt
 * us (`__proto__`, towers of brackets, broken UTF-8) is refused here, before any route sees it.
 */
export function acceptJsonOnly(server: FastifyInstance): void {
  const parseSafely = server.getDefaultJsonParser('error', 'error');
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request: FastifyRequest, bytes: Buffer, done) => {
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      return done(new ProblemError({ code: 'UNSUPPORTED_MEDIA_TYPE', message: 'send the body without Content-Encoding' }), undefined);
    }
    // Many clients name the type and send nothing; a route without required fields takes that as {}.
    if (bytes.length === 0) return done(null, undefined);
    if (!isUtf8(bytes)) return done(wrongBody('encode the text as UTF-8'), undefined);
    if (isNestedTooDeep(bytes)) return done(wrongBody(`nest at most ${NESTING_DEPTH_MAX} levels deep`), undefined);
    const text = bytes.toString('utf8');
    return parseSafely(request, text, (error, body) => {
      if (error) return done(wrongBody('send valid JSON, without the keys __proto__ and constructor'), undefined);
      const unstorable = mayHoldUnstorableText(text) ? findUnstorableText(body, '') : undefined;
      return unstorable ? done(validationFailed([unstorable]), undefined) : done(null, body);
    });
  });
}

const wrongBody = (message: string): ProblemError => validationFailed([{ path: 'body', message }]);

function isNestedTooDeep(bytes: Buffer): boolean {
  if (bytes.length < NESTING_DEPTH_MAX) return false;
  let depth = 0;
  let inText = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inText) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > NESTING_DEPTH_MAX) return true;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return false;
}

/** Raw NUL is no valid JSON, so both can only come as escapes; most bodies have none and skip the walk. */
const mayHoldUnstorableText = (text: string): boolean => /\\u(?:0000|[dD][89a-fA-F])/.test(text);

function findUnstorableText(value: unknown, path: string): FieldError | undefined {
  if (typeof value === 'string') {
    if (value.includes('\0')) return { path: path || 'body', message: 'remove the NUL character (\\u0000)' };
    if (!value.isWellFormed()) return { path: path || 'body', message: 'complete the surrogate pair (\\ud800 to \\udfff)' };
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const at = Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    const found = findUnstorableText(key, path) ?? findUnstorableText(member, at);
    if (found) return found;
  }
  return undefined;
}
