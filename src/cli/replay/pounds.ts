import { type Money, money } from '../../kernel/money.js';

const PENCE_PER_POUND = 100n;
const DECIMAL = /^(-?)(\d{1,12})(?:\.(\d{1,12}))?$/;

/** `fraction`: the text is a number, but no whole number of pence (`0.001`). */
export type Pounds = { readonly kind: 'pence'; readonly pence: Money } | { readonly kind: 'fraction' | 'not-a-number' };

/** Decimal text in pounds, such as `2.55` → 255 pence. Digit by digit: 2.55 × 100 is 254.99999999999997 in floating point. */
export function readPounds(text: string): Pounds {
  const [, sign, pounds = '', decimals = ''] = DECIMAL.exec(text) ?? [];
  if (sign === undefined) return { kind: 'not-a-number' };
  const pence = decimals.replace(/0+$/, '');
  if (pence.length > 2) return { kind: 'fraction' };
  const amount = BigInt(pounds) * PENCE_PER_POUND + BigInt(pence.padEnd(2, '0'));
  return { kind: 'pence', pence: money(sign === '-' ? -amount : amount) };
}

/** 123456 → `£1,234.56` */
export function inPounds(pence: number): string {
  const amount = BigInt(Math.abs(pence));
  const whole = (amount / PENCE_PER_POUND).toLocaleString('en-GB');
  return `${pence < 0 ? '-' : ''}£${whole}.${String(amount % PENCE_PER_POUND).padStart(2, '0')}`;
}
