import { describe, expect, test } from 'vitest';
import { EventsFailed, partsOf } from './events-failed.js';

const failed = (...ids: string[]): EventsFailed => new EventsFailed(new Map(ids.map((id) => [id, 'no'])));
const parts = (batch: string, fault: unknown): string[] => partsOf(batch.split(''), fault, (id) => id).map((part) => part.join(''));

describe('a batch that failed is run again', () => {
  test('in halves, when nobody knows the culprit', () => {
    expect(parts('abcde', new Error('somewhere'))).toEqual(['ab', 'cde']);
    expect(parts('ab', failed('x'))).toEqual(['a', 'b']);
  });

  test('with every known culprit alone, and its neighbours together', () => {
    expect(parts('abcde', failed('c'))).toEqual(['ab', 'c', 'de']);
    expect(parts('abcde', failed('a', 'b', 'e'))).toEqual(['a', 'b', 'cd', 'e']);
  });

  test('and the fault says why', () => {
    expect(failed('a', 'b').message).toBe('a: no; b: no');
  });
});
