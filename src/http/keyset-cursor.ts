import { z } from 'zod';

const CURSOR_CHARACTERS_MAX = 512;

/** Where the next page begins: the sort key of the last row, opaque to clients. */
export interface KeysetCursor<Key> {
  /** For the query: `cursor: orderCursor.param.optional()`. A tampered cursor is refused like any wrong field. */
  readonly param: z.ZodType<Key, string>;
  /**
   * The answer for one page, from up to `limit + 1` rows in the order of the list: the extra row only tells that
   * there is more.
   */
  page<Row, Item>(rows: readonly Row[], limit: number, keyOf: (row: Row) => Key, itemOf: (row: Row) => Item): Page<Item>;
}

export interface Page<Item> {
  readonly items: Item[];
  readonly nextCursor: string | null;
}

/** `keysetCursor(z.tuple([z.iso.datetime(), z.int()]))`: a cursor whose key is checked by its schema. */
export function keysetCursor<Key>(key: z.ZodType<Key>): KeysetCursor<Key> {
  const param = z
    .string({ error: 'send one cursor' })
    .max(CURSOR_CHARACTERS_MAX)
    .transform((text, context): Key => {
      const decoded = key.safeParse(decode(text));
      if (decoded.success) return decoded.data;
      context.addIssue({ code: 'custom', message: 'send the nextCursor of the page before, unchanged' });
      return z.NEVER;
    });
  return {
    param,
    page: (rows, limit, keyOf, itemOf) => {
      const shown = rows.slice(0, limit);
      const last = rows.length > limit ? shown.at(-1) : undefined;
      return { items: shown.map(itemOf), nextCursor: last === undefined ? null : encode(keyOf(last)) };
    },
  };
}

/** The schema of a page's answer: `answer: pageOf(OrderAnswer)`. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable().describe('Send it as `cursor` for the next page; null at the end') });

const encode = (key: unknown): string => Buffer.from(JSON.stringify(key)).toString('base64url');

function decode(text: string): unknown {
  if (!/^[\w-]+$/.test(text)) return undefined;
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined; // Not JSON: the key's schema refuses it.
  }
}
