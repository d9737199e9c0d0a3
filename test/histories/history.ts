import type { Answer } from '../support/client.js';

export interface Line {
  readonly productOptionId: number;
  readonly quantity: number;
}

export interface CouponTerms {
  readonly couponId: number;
  readonly discountRate: number;
  readonly quantity: number;
}

/** What a client asks of the shop. */
export type Operation =
  | { readonly kind: 'charge' | 'adjust'; readonly userId: number; readonly amount: number }
  | { readonly kind: 'read-balance' | 'read-coupons' | 'read-cart' | 'clear-cart' | 'place-from-cart'; readonly userId: number }
  | { readonly kind: 'add-to-cart'; readonly userId: number; readonly line: Line }
  | { readonly kind: 'place'; readonly userId: number; readonly lines: readonly Line[] }
  | { readonly kind: 'pay'; readonly order: PlacedOrder; readonly coupon: CouponTerms | null; readonly respondAsync: boolean }
  | { readonly kind: 'cancel' | 'read-order'; readonly order: PlacedOrder }
  | { readonly kind: 'issue'; readonly userId: number; readonly coupon: CouponTerms }
  | { readonly kind: 'read-coupon'; readonly coupon: CouponTerms }
  | { readonly kind: 'receive'; readonly line: Line }
  | { readonly kind: 'read-product'; readonly productId: number };

export interface PlacedOrder {
  readonly orderId: number;
  readonly userId: number;
  readonly totalAmount: number;
  readonly items: readonly Line[];
}

/**
 * One operation as its client saw it. Moments are numbers of one counter, not times: of two events in this process, the
 * later has the higher number. `to` is Infinity and `answer` null when the client does not know whether it was done.
 */
export interface Recorded<Kind extends Operation = Operation> {
  readonly client: number;
  readonly operation: Kind;
  readonly from: number;
  readonly to: number;
  readonly answer: Answer | null;
}

export interface History {
  readonly records: readonly Recorded[];
  readonly products: readonly {
    readonly productId: number;
    readonly options: readonly { readonly id: number; readonly stock: number }[];
  }[];
  readonly userIds: readonly number[];
  readonly initialBalance: number;
  /** From here on nothing was under way any more, and every durable event had been handled. */
  readonly settledAt: number;
}

/** The operations of one kind, out of the union. */
type OperationOf<Kind extends Operation['kind'], Each = Operation> = Each extends { readonly kind: infer Kinds }
  ? Kind extends Kinds
    ? Omit<Each, 'kind'> & { readonly kind: Kind }
    : never
  : never;

/** The records of some kinds of operation. */
export function recordsOf<Kind extends Operation['kind']>(
  { records }: Pick<History, 'records'>,
  ...kinds: readonly Kind[]
): readonly Recorded<Operation & OperationOf<Kind>>[] {
  const isWanted = (record: Recorded): record is Recorded<Operation & OperationOf<Kind>> =>
    kinds.some((kind) => kind === record.operation.kind);
  return records.filter(isWanted);
}

/** `'200'`, `'422 INSUFFICIENT_STOCK'`, or `'unknown'`. */
export function outcomeOf({ answer }: Recorded): string {
  if (answer === null) return 'unknown';
  return answer.status < 400 ? String(answer.status) : `${answer.status} ${answer.body?.code}`;
}

export const wasDone = (record: Recorded): boolean => record.answer !== null && record.answer.status < 300;

/** In words, for a report: `client 7 [120, 131] pay order 4: 422 INSUFFICIENT_BALANCE`. */
export function tellOf(record: Recorded): string {
  const { kind, ...details } = record.operation;
  const answer = record.answer === null ? 'no answer' : `${record.answer.status} ${JSON.stringify(record.answer.body)}`;
  return `client ${record.client} [${record.from}, ${record.to}] ${kind} ${JSON.stringify(details)}: ${answer}`;
}

/** What the order's own discount is, by the rule of the shop: rounded down. */
export const discountOf = (total: number, coupon: CouponTerms | null): number =>
  coupon ? Math.floor((total * coupon.discountRate) / 100) : 0;
