/**
 * A parameter as `pg` is to send it. Batches come as arrays of numbers and strings, and `pg` would quote and escape each number of
 * them, at a fifth of all that the shop allocated. Whatever else there is, `pg` writes itself.
 */
export function parameterOf(value: unknown): unknown {
  return Array.isArray(value) && value.every(isPlain) ? `{${value.map(elementOf).join(',')}}` : value;
}

type Plain = number | bigint | string | null | undefined;

const isPlain = (item: unknown): item is Plain =>
  typeof item === 'number' || typeof item === 'string' || typeof item === 'bigint' || item === null || item === undefined;

function elementOf(item: Plain): string {
  if (item === null || item === undefined) return 'NULL';
  return typeof item === 'string' ? `"${TO_ESCAPE.test(item) ? item.replaceAll(EACH_TO_ESCAPE, '\\$&') : item}"` : String(item);
}

const TO_ESCAPE = /["\\]/;
const EACH_TO_ESCAPE = /["\\]/g;
