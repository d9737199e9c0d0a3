import { createHash } from 'node:crypto';
import { type FastifyRequest } from 'fastify';
import { validationFailed } from '../problem.js';

const KEY_CHARACTERS_MAX = 255;

/** A request with a key, as repeats are known by it. */
export interface IdempotentRequest {
  readonly userId: number;
  readonly route: string;
  readonly key: string;
  readonly fingerprint: Buffer;
}

/** The key that the client sent, or null. Printable ASCII, so that it can be logged and stored as it is. */
export function idempotencyKeyOf(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key !== 'string' || !/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(key) || key.length > KEY_CHARACTERS_MAX) {
    throw validationFailed([
      { path: 'Idempotency-Key', message: `send 1 to ${KEY_CHARACTERS_MAX} printable ASCII characters, such as a UUID` },
    ]);
  }
  return key;
}

/** What a repeat must have in common with the first request: address, query and body, whatever the order of its keys. */
export const fingerprintOf = (request: FastifyRequest): Buffer =>
  createHash('sha256').update(request.url).update('\n').update(canonicalJson(request.body)).digest();

/** The body's nesting is limited where it is parsed, so the recursion is too. */
function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`;
}
