import type { CouponId, OrderId, ProductId, ProductOptionId, UserId } from '../../kernel/ids.js';
import { MONEY_MAX, type Money, money, times } from '../../kernel/money.js';
import { type Refusal, type Result, ok, refuse } from '../../kernel/result.js';

export type OrderStatus = 'PENDING' | 'PAYMENT_PROCESSING' | 'PAID' | 'EXPIRED' | 'CANCELLED';

/** The one transition table: whatever is not in it does not happen. The database's CHECK and WHERE clauses follow it. */
export const TRANSITIONS: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  PENDING: ['PAYMENT_PROCESSING', 'EXPIRED', 'CANCELLED'],
  PAYMENT_PROCESSING: ['PAID', 'PENDING'],
  PAID: [],
  EXPIRED: [],
  CANCELLED: [],
};

/** A line as the customer asks for it. */
export interface RequestedLine {
  readonly productOptionId: ProductOptionId;
  readonly quantity: number;
}

/** A line as the product domain holds it, with name and price as they are now. */
export interface HeldLine extends RequestedLine {
  readonly productId: ProductId;
  readonly name: string;
  readonly price: Money;
}

/** A line with name and price as they were when the order was placed. */
export interface OrderLine extends HeldLine {
  readonly subtotal: Money;
}

export interface PlacedOrder {
  readonly id: OrderId;
  readonly userId: UserId;
  readonly lines: readonly OrderLine[];
  readonly totalAmount: Money;
  /** The end of the hold on the stock, by the product domain's clock: the order must be paid before. */
  readonly expiresAt: Date;
}

/** What a payment or a cancellation needs to know of a locked order. */
export interface LockedOrder {
  readonly id: OrderId;
  readonly userId: UserId;
  readonly status: OrderStatus;
  readonly totalAmount: Money;
  /** By the database's clock. */
  readonly pastDeadline: boolean;
}

export interface PaymentRequest {
  readonly orderId: OrderId;
  readonly userId: UserId;
  readonly couponId: CouponId | null;
}

export const LINE_QUANTITY_MAX = 1_000_000;

/** Adds repeated lines of one option up; in the order in which the options first appear. */
export function mergeLines(lines: readonly RequestedLine[]): Result<readonly RequestedLine[]> {
  const quantities = new Map<ProductOptionId, number>();
  for (const { productOptionId, quantity } of lines) quantities.set(productOptionId, (quantities.get(productOptionId) ?? 0) + quantity);
  const tooMany = [...quantities].find(([, quantity]) => quantity > LINE_QUANTITY_MAX);
  if (tooMany) {
    return invalidItems(`the lines of option ${tooMany[0]} add up to ${tooMany[1]}: order at most ${LINE_QUANTITY_MAX} of one option`);
  }
  return ok([...quantities].map(([productOptionId, quantity]) => ({ productOptionId, quantity })));
}

/** Prices the lines at the moment of ordering. Refuses a total that is no longer exact as a JSON number. */
export function placeOrder(
  order: Pick<PlacedOrder, 'id' | 'userId' | 'expiresAt'> & { readonly held: readonly HeldLine[] },
): Result<PlacedOrder> {
  const { held, ...placed } = order;
  const total = held.reduce((amount, { price, quantity }) => amount + BigInt(quantity) * price, 0n);
  if (total > MONEY_MAX) return invalidItems('the total amount is larger than the shop can handle: split the order');
  const lines = held.map((line) => ({ ...line, subtotal: times(line.price, line.quantity) }));
  return ok({ ...placed, lines, totalAmount: money(total) });
}

/** May this order be paid now, by this customer? */
export function decidePayment(order: LockedOrder | undefined, request: PaymentRequest): Result<LockedOrder> {
  if (!order || order.userId !== request.userId) return orderNotFound(request.orderId);
  if (!allows(order, 'PAYMENT_PROCESSING')) return refusalOf(order.status);
  return order.pastDeadline ? refusalOf('EXPIRED') : ok(order);
}

/** May this order be cancelled now, by this customer? Only an unpaid one that nobody is paying. */
export function decideCancellation(order: LockedOrder | undefined, orderId: OrderId, userId: UserId): Result<LockedOrder> {
  if (!order || order.userId !== userId) return orderNotFound(orderId);
  return allows(order, 'CANCELLED') ? ok(order) : refusalOf(order.status);
}

export const orderNotFound = (orderId: OrderId): { readonly ok: false; readonly refusal: Refusal } =>
  refuse('ORDER_NOT_FOUND', `there is no order ${orderId} of yours`, { orderId });

const allows = (order: LockedOrder, next: OrderStatus): boolean => TRANSITIONS[order.status].includes(next);

function refusalOf(status: OrderStatus): { readonly ok: false; readonly refusal: Refusal } {
  switch (status) {
    case 'PENDING':
      throw new Error('a pending order may do all that this domain asks of it');
    case 'PAYMENT_PROCESSING':
      return refuse('PAYMENT_IN_PROGRESS', 'a payment of this order is in progress: wait for its outcome');
    case 'PAID':
      return refuse('ALREADY_PAID', 'this order is paid already');
    case 'EXPIRED':
      return refuse('ORDER_EXPIRED', 'this order was not paid in time: order again');
    case 'CANCELLED':
      return refuse('ORDER_CANCELLED', 'this order was cancelled: order again');
  }
}

function invalidItems(message: string): { readonly ok: false; readonly refusal: Refusal } {
  return refuse('VALIDATION_FAILED', message, { errors: [{ path: 'items', message }] });
}
