import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { type FieldError, validationFailed } from './problem.js';

const ERRORS_MAX = 20;

/**
 * Nest's contract (`@Body({ schema })`, `@Query({ schema })`, `@Param('id', { schema })`) with our answers: every wrong
 * field by its path, and what to do about it. Nest's own StandardSchemaValidationPipe tells neither the name of a path
 * parameter nor more than one line of text.
 */
@Injectable()
export class RequestValidationPipe implements PipeTransform {
  transform(value: unknown, { schema, type, data }: ArgumentMetadata): unknown {
    if (!(schema instanceof z.ZodType)) return value;
    // No body at all is the empty object, so that missing fields are named one by one.
    const input = type === 'body' && value === undefined ? {} : value;
    const result = schema.safeParse(input, { error: remedyOf });
    if (result.success) return result.data;
    throw validationFailed(fieldErrors(result.error.issues, data ?? type));
  }
}

/** One message per field: the second usually follows from the first. */
function fieldErrors(issues: readonly z.core.$ZodIssue[], root: string): FieldError[] {
  const messages = new Map<string, string>();
  for (const issue of issues) {
    const path = pathOf(issue.path) || root;
    if (!messages.has(path)) messages.set(path, issue.message);
    if (messages.size === ERRORS_MAX) break;
  }
  return [...messages].map(([path, message]) => ({ path, message }));
}

/** `['items', 0, 'quantity']` → `items[0].quantity` */
function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

const NAMES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
};

/** Messages that say what to send. A message written at the schema itself wins over these. */
function remedyOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is required';
      return `send ${NAMES[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return boundOf(issue.origin, issue.minimum, 'at least');
    case 'too_big':
      return boundOf(issue.origin, issue.maximum, 'at most');
    case 'invalid_value':
      return `send one of: ${issue.values.map(String).join(', ')}`;
    case 'unrecognized_keys':
      return `remove ${issue.keys.slice(0, 5).join(', ')}`;
    default:
      return undefined;
  }
}

function boundOf(origin: string, bound: number | bigint, word: string): string {
  if (origin === 'string') return `send ${word} ${bound} characters`;
  if (origin === 'array' || origin === 'set') return `send ${word} ${bound} entries`;
  return `send ${word} ${bound}`;
}
