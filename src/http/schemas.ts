import { z } from 'zod';

/**
 * The pieces that requests are made of. `…Param` reads text from the path or the query, `…Field` reads a JSON body.
 * All integers stop at 2^53 - 1: JSON.parse has rounded what lies beyond, so it must not pass as another number.
 */

export const QUANTITY_MAX = 1_000_000;
/** Quantity times price stays a safe integer: 10^6 × 10^9 = 10^15. A sum over lines is the domain's to check. */
export const PRICE_MINOR_UNITS_MAX = 1_000_000_000;
export const AMOUNT_MINOR_UNITS_MAX = 1_000_000_000_000;
export const PAGE_ROWS_DEFAULT = 20;
export const PAGE_ROWS_MAX = 100;

/** A whole number in the path or query: digits only, so neither `1e3`, `0x10`, `+1` nor an empty text is one. */
export const intParam = (min: number, max: number = Number.MAX_SAFE_INTEGER) =>
  z
    .string({ error: 'send one whole number' })
    .regex(/^-?\d{1,20}$/, 'send a whole number')
    .transform(Number)
    .pipe(
      z
        .int({ error: `send a whole number from ${min} to ${max}` })
        .min(min)
        .max(max),
    )
    .meta({ type: 'integer', minimum: min, maximum: max, pattern: undefined });

/** A whole number in a body, such as a rate in percent: `intField(1, 100)`. */
export const intField = (min: number, max: number = Number.MAX_SAFE_INTEGER) => z.int({ error: saysWhole }).min(min).max(max);

const saysWhole = (issue: z.core.$ZodRawIssue): string | undefined =>
  issue.code === 'invalid_type' && issue.input !== undefined ? 'send a whole number' : undefined;

/** `@Param('id', { schema: idParam<OrderId>() }) id: OrderId` */
export const idParam = <Id extends number = number>() => branded<Id, string>(intParam(1));

/** `productOptionId: idField<ProductOptionId>()` in a body or an answer. */
export const idField = <Id extends number = number>() => branded<Id, Id>(intField(1));

/** The brand exists for the compiler only; the number is the same. */
const branded = <Id, Input>(schema: z.ZodType): z.ZodType<Id, Input> => schema as z.ZodType<Id, Input>;

export const quantityField = intField(1, QUANTITY_MAX);

/** The price of one piece in the minor unit. Nothing is sold for nothing: a payment of 0 would have no entry in the ledger. */
export const priceField = intField(1, PRICE_MINOR_UNITS_MAX);

/** An amount of money in the minor unit, such as a top-up. */
export const amountField = intField(1, AMOUNT_MINOR_UNITS_MAX);

const CONTROL_CHARACTER = /\p{Cc}/u;
const CONTROL_CHARACTER_BUT_LINES = /[^\P{Cc}\n\r\t]/u;

interface TextLimits {
  readonly max: number;
  /** 1 unless told, so that an empty text is refused. */
  readonly min?: number;
  /** Allows line breaks and tabs. */
  readonly multiline?: boolean;
}

/** Trimmed text without control characters (PostgreSQL cannot store NUL, terminals obey the rest). */
export function textField({ max, min = 1, multiline = false }: TextLimits) {
  const forbidden = multiline ? CONTROL_CHARACTER_BUT_LINES : CONTROL_CHARACTER;
  return z
    .string()
    .trim()
    .min(min)
    .max(max)
    .refine((text) => !forbidden.test(text), 'remove the control characters')
    .refine((text) => text.isWellFormed(), 'complete the surrogate pair');
}

/** Compared without case, as people write it. */
export const emailField = z
  .string()
  .trim()
  .toLowerCase()
  .max(254)
  .pipe(z.email('send an e-mail address such as ada@example.com'))
  .meta({ format: 'email', pattern: undefined });

export const booleanParam = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .meta({ type: 'boolean', enum: undefined });

/** A moment such as `2026-11-22T18:00:00Z`, or a day, which begins at midnight UTC. */
export const instantField = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'send a time such as 2026-11-22T18:00:00Z or a day such as 2026-11-22',
  })
  .transform((text) => new Date(text))
  .refine((time) => time.getUTCFullYear() >= 1970 && time.getUTCFullYear() <= 9999, 'send a time from 1970 to 9999')
  .meta({ type: 'string', format: 'date-time', anyOf: undefined });

/** A moment in an answer: `createdAt: row.created_at.toISOString()`. */
export const instant = z.iso.datetime().meta({ format: 'date-time', pattern: undefined });

export const limitParam = intParam(1, PAGE_ROWS_MAX).default(PAGE_ROWS_DEFAULT);
