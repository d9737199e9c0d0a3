import type { CouponId, OrderId, PaymentId, ProductOptionId, UserId } from '../../../src/kernel/ids.js';
import { MONEY_MAX, type Money } from '../../../src/kernel/money.js';
import type { Refusal } from '../../../src/kernel/result.js';
import type { OrderLine, OrderStatus } from '../../../src/order/domain/order.js';
import type { PaymentState } from '../../../src/order/domain/payment-attempt.js';
import type { HoldState } from '../../../src/product/domain/stock.js';
import { CONTRA_ACCOUNT, type EntryCode } from '../../../src/user/domain/ledger.js';
import { Table } from './table.js';

export interface OrderRow {
  readonly orderId: OrderId;
  readonly userId: UserId;
  readonly status: OrderStatus;
  readonly totalAmount: Money;
  readonly discountAmount: Money | null;
  readonly finalAmount: Money | null;
  readonly couponId: CouponId | null;
  readonly paymentId: PaymentId | null;
  readonly expiresAtMs: number;
  readonly paidAtMs: number | null;
  readonly lines: readonly OrderLine[];
}

export interface AttemptRow {
  readonly paymentId: PaymentId;
  readonly orderId: OrderId;
  readonly userId: UserId;
  readonly couponId: CouponId | null;
  readonly totalAmount: Money;
  readonly state: PaymentState;
  readonly leaseUntilMs: number;
  readonly deadlineAtMs: number;
  readonly steps: readonly unknown[];
  readonly refusal: Refusal | null;
  readonly awaited: readonly string[];
  readonly reported: readonly string[];
  readonly remainingBalance: Money | null;
  readonly finishedAtMs: number | null;
}

export interface OptionRow {
  readonly optionId: ProductOptionId;
  readonly productId: number;
  readonly price: Money;
  readonly received: number;
  readonly stock: number;
  readonly reserved: number;
}

export interface HoldRow {
  readonly orderId: OrderId;
  readonly optionId: ProductOptionId;
  readonly quantity: number;
  readonly state: HoldState;
  readonly expiresAtMs: number;
  readonly paymentId: PaymentId | null;
}

export interface UserCouponRow {
  readonly id: number;
  readonly couponId: CouponId;
  readonly userId: UserId;
  readonly discountRate: number;
  readonly expiresAtMs: number;
  readonly state: 'AVAILABLE' | 'USED';
  readonly orderId: OrderId | null;
  readonly usedAtMs: number | null;
  readonly paymentId: PaymentId | null;
}

export interface AccountRow {
  readonly userId: UserId;
  readonly balance: Money;
  readonly version: number;
}

export interface EntryRow {
  readonly id: number;
  readonly userId: UserId;
  readonly amount: Money;
  readonly before: Money;
  readonly after: Money;
  readonly code: EntryCode;
  readonly contraAccount: string;
  readonly paymentId: PaymentId | null;
  readonly actorId: UserId | null;
  readonly idempotencyKey: string | null;
  readonly note: string | null;
}

export interface SalesRow {
  readonly productId: number;
  readonly units: number;
}

const isUnderWay = ({ state }: AttemptRow): boolean => state === 'RUNNING' || state === 'ROLLING_BACK';
const amounts = (balance: bigint): boolean => balance >= 0n && balance <= MONEY_MAX;

/** The tables of the domains, with the constraints of `migrations/`. One connection string may serve them all, and here it does. */
export class ShopTables {
  /** `shop_order.orders` and `order_line`. */
  readonly orders = new Table<OrderRow>('orders', {
    check: (order) =>
      ((order.status === 'PAID') !== (order.paidAtMs !== null) && 'PAID ⇔ paid_at') ||
      ((order.status === 'PAID') !== (order.finalAmount !== null) && 'PAID ⇔ final_amount') ||
      ((order.status === 'PAID') !== (order.paymentId !== null) && 'PAID ⇔ payment_id') ||
      (order.finalAmount !== null &&
        order.finalAmount !== order.totalAmount - (order.discountAmount ?? 0n) &&
        'final = total - discount') ||
      (order.discountAmount !== null && (order.discountAmount < 0n || order.discountAmount > order.totalAmount) && 'discount within total'),
  });

  /** `shop_order.order_request`. */
  readonly requests = new Table<{ readonly orderId: OrderId }>('order_request');

  readonly attempts = new Table<AttemptRow>('payment_attempt', {
    check: (attempt) =>
      ((attempt.state === 'REFUSED' || attempt.state === 'PAID') !== (attempt.finishedAtMs !== null) && 'ended ⇔ finished_at') ||
      (attempt.state === 'REFUSED' && attempt.refusal === null && 'REFUSED has a refusal'),
    unique: { under_way: (attempt) => (isUnderWay(attempt) ? attempt.orderId : null) },
  });

  /** The payment locks: who holds one, and until when. */
  readonly locks = new Table<{ readonly token: number; readonly untilMs: number }>('lock');

  /** `shop_order.data_platform_ack`, by event id. */
  readonly acks = new Table<{ readonly adapter: string }>('data_platform_ack');

  readonly options = new Table<OptionRow>('product_option', {
    check: ({ stock, reserved }) =>
      (stock < 0 && 'stock >= 0') || (reserved < 0 && 'reserved >= 0') || (reserved > stock && 'reserved <= stock'),
  });

  readonly holds = new Table<HoldRow>('stock_hold', {
    check: ({ quantity, paymentId, state }) =>
      (quantity <= 0 && 'quantity > 0') ||
      ((paymentId !== null) !== (state === 'CONFIRMED' || state === 'RETURNED') && 'confirmed ⇔ payment_id'),
  });

  readonly sales = new Table<SalesRow>('daily_sales');

  readonly userCoupons = new Table<UserCouponRow>('user_coupon', {
    check: ({ state, orderId, paymentId }) =>
      ((state === 'USED') !== (orderId !== null) || (state === 'USED') !== (paymentId !== null)) && 'used for something',
    unique: {
      one_per_customer: ({ couponId, userId }) => `${couponId} ${userId}`,
      one_per_order: ({ orderId }) => orderId,
      of_payment: ({ paymentId }) => paymentId,
    },
  });

  readonly accounts = new Table<AccountRow>('account', { check: ({ balance }) => !amounts(balance) && 'balance >= 0' });

  readonly entries = new Table<EntryRow>('ledger_entry', {
    check: ({ amount, before, after, code, paymentId }) =>
      (amount === 0n && 'amount <> 0') ||
      (after !== before + amount && 'after = before + amount') ||
      ((!amounts(before) || !amounts(after)) && 'after >= 0') ||
      ((code === 'PAYMENT' || code === 'REFUND') !== (paymentId !== null) && 'payment ⇔ payment_id') ||
      (code === 'PAYMENT' && amount > 0n && 'a payment takes') ||
      ((code === 'CHARGE' || code === 'REFUND') && amount < 0n && 'a refund gives'),
    unique: {
      payment: ({ paymentId, code }) => (paymentId === null ? null : `${paymentId} ${code}`),
      idempotency_key: ({ idempotencyKey, userId, actorId, code }) =>
        idempotencyKey === null ? null : `${idempotencyKey} ${userId} ${actorId} ${code}`,
    },
  });

  /** What the data platform has received: event ids, as often as they came. It is no table, and no transaction covers it. */
  readonly dataPlatform: string[] = [];

  constructor(private readonly orderIdStep: number) {}

  private lastOrderId = 0;
  private lastPaymentId = 0;
  private lastEntryId = 0;

  /** Sequences: what a rolled-back transaction took stays taken. */
  nextOrderId = (): OrderId => (this.lastOrderId += this.orderIdStep) as OrderId;
  nextPaymentId = (): PaymentId => ++this.lastPaymentId as PaymentId;
  nextEntryId = (): number => ++this.lastEntryId;
}

export const contraAccountOf = (code: EntryCode): string => CONTRA_ACCOUNT[code];
export const holdKey = (orderId: OrderId, optionId: ProductOptionId): string => `${String(orderId).padStart(5, '0')}:${optionId}`;
