import { z } from 'zod';
import { booleanParam, idField, idParam, instant, limitParam, quantityField } from '../../http/schemas.js';
import { declareProblems } from '../../http/problem-codes.js';
import { keysetCursor, pageOf } from '../../http/keyset-cursor.js';
import type { CouponId, OrderId, PaymentId, ProductId, ProductOptionId, UserId } from '../../kernel/ids.js';

declareProblems({ PAYMENT_ABORTED: 409 });

const LINES_MAX = 1_000;

export const orderIdParam = idParam<OrderId>();

/** Either lines or `fromCart: true`; repeated lines of one option add up. */
export const CreateOrderBody = z
  .object({
    items: z
      .array(z.object({ productOptionId: idField<ProductOptionId>(), quantity: quantityField }))
      .min(1, 'order at least one line')
      .max(LINES_MAX, `order at most ${LINES_MAX} lines at once`)
      .optional(),
    fromCart: z.literal(true, 'must be true, or left out').optional(),
  })
  .refine(({ items, fromCart }) => (items === undefined) !== (fromCart === undefined), {
    path: ['items'],
    message: 'send either items or fromCart: true',
  })
  .meta({ id: 'CreateOrder' });

const OrderItem = z
  .object({
    productOptionId: idField<ProductOptionId>(),
    productId: idField<ProductId>(),
    name: z.string(),
    price: z.int(),
    quantity: z.int(),
    subtotal: z.int(),
  })
  .meta({ id: 'OrderItem' });

const orderStatus = z.enum(['PENDING', 'PAYMENT_PROCESSING', 'PAID', 'EXPIRED', 'CANCELLED']);

export const OrderAnswer = z
  .object({
    orderId: idField<OrderId>(),
    userId: idField<UserId>(),
    status: orderStatus,
    items: z.array(OrderItem).readonly(),
    totalAmount: z.int(),
    discountAmount: z.int().nullable(),
    finalAmount: z.int().nullable(),
    currency: z.string(),
    couponId: idField<CouponId>().nullable(),
    createdAt: instant,
    expiresAt: instant,
    paidAt: instant.nullable(),
  })
  .meta({ id: 'Order' });

export const orderCursor = keysetCursor(z.tuple([z.int().positive()]));
export const OrdersQuery = z.object({ status: orderStatus.optional(), cursor: orderCursor.param.optional(), limit: limitParam });
export const OrdersPage = pageOf(OrderAnswer);

export const CancelledAnswer = z.object({ orderId: idField<OrderId>(), status: z.literal('CANCELLED') }).meta({ id: 'CancelledOrder' });

export const PayBody = z.object({ couponId: idField<CouponId>().optional() }).meta({ id: 'PayOrder' });

export const PaidAnswer = z
  .object({
    orderId: idField<OrderId>(),
    paymentId: idField<PaymentId>(),
    status: z.literal('PAID'),
    paidAmount: z.int(),
    discountAmount: z.int(),
    totalAmount: z.int(),
    remainingBalance: z.int(),
    currency: z.string(),
    paidAt: instant,
  })
  .meta({ id: 'PaidOrder' });

/** 202: the payment goes on by itself; `statusUrl` tells its outcome. */
export const AcceptedAnswer = z
  .object({ orderId: idField<OrderId>(), paymentId: idField<PaymentId>(), status: z.literal('PAYMENT_PROCESSING'), statusUrl: z.string() })
  .meta({ id: 'PaymentAccepted' });

export const PaymentAnswer = z
  .object({
    paymentId: idField<PaymentId>(),
    orderId: idField<OrderId>(),
    userId: idField<UserId>(),
    status: z.enum(['RUNNING', 'ROLLING_BACK', 'REFUSED', 'PAID']),
    steps: z
      .array(
        z.object({
          event: z.string(),
          listener: z.string(),
          outcome: z.enum(['DONE', 'REFUSED']),
          code: z.string().optional(),
          startedAt: instant,
          finishedAt: instant,
        }),
      )
      .readonly(),
    errorCode: z.string().nullable(),
    errorMessage: z.string().nullable(),
    startedAt: instant,
    finishedAt: instant.nullable(),
  })
  .meta({ id: 'Payment' });

export const paymentCursor = keysetCursor(z.tuple([z.int().positive()]));
export const PaymentsQuery = z.object({
  underWay: booleanParam.default(false).describe('Only payments that are not over'),
  cursor: paymentCursor.param.optional(),
  limit: limitParam,
});
export const PaymentsPage = pageOf(PaymentAnswer);

export const StatusEvent = z
  .object({ orderId: idField<OrderId>(), status: orderStatus, paidAt: instant.nullable() })
  .meta({ id: 'OrderStatusEvent' });
