import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { keysetCursor } from './keyset-cursor.js';

const cursor = keysetCursor(z.tuple([z.string(), z.int()]));

test('a cursor comes back as the key that it was made of', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 50 }), fc.maxSafeInteger(), (text, id) => {
      fc.pre(text.isWellFormed());
      const { nextCursor } = cursor.page([1, 2], 1, () => [text, id], String);
      expect(cursor.param.parse(nextCursor)).toEqual([text, id]);
    }),
  );
});

test('any other text is refused, never thrown about', () => {
  fc.assert(fc.property(fc.string(), (text) => !cursor.param.safeParse(text).success));
  const foreign = Buffer.from('{"a":1}').toString('base64url');
  expect(cursor.param.safeParse(foreign).error?.issues[0]?.message).toBe('send the nextCursor of the page before, unchanged');
});

test('a page shows its limit, and a cursor only when there is more', () => {
  const page = (rows: number[]) =>
    cursor.page(
      rows,
      2,
      (row) => ['', row],
      (row) => ({ row }),
    );
  expect(page([])).toEqual({ items: [], nextCursor: null });
  expect(page([1, 2])).toEqual({ items: [{ row: 1 }, { row: 2 }], nextCursor: null });
  expect(page([1, 2, 3]).items).toEqual([{ row: 1 }, { row: 2 }]);
  expect(cursor.param.parse(page([1, 2, 3]).nextCursor)).toEqual(['', 2]);
});
