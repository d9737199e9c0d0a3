/**
 * An amount in the minor unit of the shop's one currency (`CURRENCY`): pence, cents, won.
 * Integer by construction; there is no floating point anywhere near money.
 */
export type Money = bigint & { readonly money: unique symbol };

/** The largest amount the shop handles: beyond it a JSON number would lose pennies. */
export const MONEY_MAX = BigInt(Number.MAX_SAFE_INTEGER);

export const NO_MONEY = 0n as Money;

/** @throws RangeError when the amount is no integer or beyond {@link MONEY_MAX}: a fault, never a refusal. */
export function money(minorUnits: number | bigint): Money {
  const amount = BigInt(minorUnits);
  if (amount > MONEY_MAX || amount < -MONEY_MAX) throw new RangeError(`money out of range: ${amount}`);
  return amount as Money;
}

export const add = (a: Money, b: Money): Money => money(a + b);
export const subtract = (a: Money, b: Money): Money => money(a - b);
export const times = (price: Money, quantity: number): Money => money(price * BigInt(quantity));
export const sum = (amounts: Iterable<Money>): Money => money([...amounts].reduce<bigint>((total, each) => total + each, 0n));

/** A discount of `ratePercent` (1 to 100), rounded down to the minor unit, in the shop's favour. */
export const discountOf = (total: Money, ratePercent: number): Money => money((total * BigInt(ratePercent)) / 100n);

/** The JSON form: a number, safe because {@link money} admits nothing beyond 2^53 - 1. */
export const toJson = (amount: Money): number => Number(amount);
