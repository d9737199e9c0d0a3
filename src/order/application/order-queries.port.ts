import type { CouponId, OrderId, PaymentId, ProductId, ProductOptionId, UserId } from '../../kernel/ids.js';
import type { Step } from '../../messaging/event-bus.js';
import type { OrderStatus } from '../domain/order.js';
import type { PaymentState } from '../domain/payment-attempt.js';

/** An order as its customer sees it: money in minor units, times in ISO 8601. */
export interface OrderDetail {
  readonly orderId: OrderId;
  readonly userId: UserId;
  readonly status: OrderStatus;
  readonly items: readonly {
    readonly productOptionId: ProductOptionId;
    readonly productId: ProductId;
    readonly name: string;
    readonly price: number;
    readonly quantity: number;
    readonly subtotal: number;
  }[];
  readonly totalAmount: number;
  readonly discountAmount: number | null;
  readonly finalAmount: number | null;
  readonly currency: string;
  readonly couponId: CouponId | null;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly paidAt: string | null;
}

/** The latest attempt to pay an order, with what every listener did. */
export interface PaymentDetail {
  readonly paymentId: PaymentId;
  readonly orderId: OrderId;
  readonly userId: UserId;
  readonly status: PaymentState;
  readonly steps: readonly Step[];
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
}

export interface OrdersOfUser {
  readonly userId: UserId;
  readonly status?: OrderStatus | undefined;
  /** Only orders older than this one. */
  readonly before?: OrderId | undefined;
  readonly limit: number;
}

export interface PaymentsQuery {
  /** Only payments that are not over: RUNNING or ROLLING_BACK. */
  readonly underWay: boolean;
  /** Only payments older than this one. */
  readonly before?: PaymentId | undefined;
  readonly limit: number;
}

/** What clients read; it bypasses the aggregate. */
export abstract class OrderQueries {
  abstract order(orderId: OrderId): Promise<OrderDetail | null>;
  /** Newest first. */
  abstract ordersOf(query: OrdersOfUser): Promise<readonly OrderDetail[]>;
  abstract latestPayment(orderId: OrderId): Promise<PaymentDetail | null>;
  /** All customers' payments, newest first. */
  abstract payments(query: PaymentsQuery): Promise<readonly PaymentDetail[]>;
}
