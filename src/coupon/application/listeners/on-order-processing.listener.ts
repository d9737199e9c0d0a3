import { Injectable } from '@nestjs/common';
import type { CouponId, OrderId, PaymentId, UserId } from '../../../kernel/ids.js';
import { money, toJson } from '../../../kernel/money.js';
import type { Refusal } from '../../../kernel/result.js';
import type { Transaction } from '../../../kernel/transaction.js';
import type { Received } from '../../../messaging/event.js';
import { EventBus } from '../../../messaging/event-bus.js';
import { OnEvent, type Outcome, done, refused } from '../../../messaging/listener.js';
import { SagaJournal } from '../../../messaging/saga-journal.js';
import { OrderProcessingFail } from '../../../order/application/events/order-processing-fail.event.js';
import { OrderProcessing } from '../../../order/application/events/order-processing.event.js';
import { type HeldCoupon, type UseRequest, useInTurn } from '../../domain/coupon-use.js';
import { UserCouponRepository } from '../../domain/user-coupon.repository.js';
import { USE_COUPON } from './use-coupon.step.js';

type Processing = Received<typeof OrderProcessing>;
type Discounted = Outcome<{ discountAmount?: number }>;

/** Uses the coupon of a payment and answers the discount. */
@Injectable()
export class OnOrderProcessingListener {
  constructor(
    private readonly coupons: UserCouponRepository,
    private readonly journal: SagaJournal,
    private readonly bus: EventBus,
  ) {}

  @OnEvent(OrderProcessing, USE_COUPON, { concerns: ({ data }) => data.couponId !== null })
  useCoupons(tx: Transaction, events: readonly Processing[]): Promise<Discounted[]> {
    return this.journal.answerOnce(tx, USE_COUPON, events, {
      sagaIdOf: ({ data }) => data.paymentId,
      look: (all) => this.coupons.lock(tx, useRequests(all)),
      act: (fresh, held) => this.useFor(tx, fresh, held),
    });
  }

  /** A refused use writes nothing but its refusal: the customer may get, or use, the coupon later. */
  private async useFor(tx: Transaction, events: readonly Processing[], held: ReadonlyMap<PaymentId, HeldCoupon>): Promise<Discounted[]> {
    const requests = useRequests(events);
    const decided = useInTurn(requests, held);
    await this.coupons.use(
      tx,
      decided.flatMap((each) => (each.ok ? [each.value] : [])),
    );
    await this.bus.emit(tx, ...decided.flatMap((each, index) => (each.ok ? [] : [failure(requests[index] as UseRequest, each.refusal)])));

    const outcomes = new Map(
      decided.map((each, index): [number, Discounted] => [
        (requests[index] as UseRequest).paymentId,
        each.ok ? done({ discountAmount: toJson(each.value.discountAmount) }) : refused(each.refusal),
      ]),
    );
    return events.map(({ data }) => outcomes.get(data.paymentId) ?? done({}));
  }
}

const useRequests = (events: readonly Processing[]): UseRequest[] =>
  events.flatMap(({ data }) => (data.couponId === null ? [] : [useRequest(data, data.couponId)]));

const useRequest = ({ paymentId, orderId, userId, totalAmount }: Processing['data'], couponId: number): UseRequest => ({
  paymentId: paymentId as PaymentId,
  orderId: orderId as OrderId,
  userId: userId as UserId,
  couponId: couponId as CouponId,
  totalAmount: money(totalAmount),
});

const failure = ({ paymentId, orderId, userId }: UseRequest, { code, message, details }: Refusal) =>
  OrderProcessingFail.of({ paymentId, orderId, userId, refusedBy: USE_COUPON, code, message, ...(details && { details }) });
