import type { HeldCoupon, UseRequest } from '../../../src/coupon/domain/coupon-use.js';
import type { PaymentId } from '../../../src/kernel/ids.js';
import { money } from '../../../src/kernel/money.js';
import type { Transaction } from '../../../src/kernel/transaction.js';
import type { ShopEvent } from '../../../src/messaging/event.js';
import type { CompensationDone, PaymentFailure } from '../../../src/order/application/events/payment-failure.js';
import { OrderProcessingFailDone } from '../../../src/order/application/events/order-processing-fail-done.event.js';
import type { Account, PaymentPosting } from '../../../src/user/domain/ledger.js';
import { memoryTransaction } from '../store/memory-unit-of-work.js';
import { type PlantedBug, change } from './planted-bug.js';

type LockCoupons = (tx: Transaction, requests: readonly UseRequest[]) => Promise<ReadonlyMap<PaymentId, HeldCoupon>>;

const twisting =
  (twist: (held: HeldCoupon) => HeldCoupon) => (lock: LockCoupons) => async (tx: Transaction, requests: readonly UseRequest[]) =>
    new Map([...(await lock(tx, requests))].map(([paymentId, held]) => [paymentId, twist(held)]));

export const COUPON_AND_USER_BUGS: readonly PlantedBug[] = [
  {
    name: "somebody else's coupon can be used",
    breaks: 'U1',
    plant: ({ userCoupons }) =>
      change(
        userCoupons,
        'belongsTo',
        () =>
          (row: { couponId: number }, { couponId }: UseRequest) =>
            row.couponId === couponId,
      ),
  },
  {
    name: 'a used coupon can be used again',
    breaks: 'U1',
    plant: ({ userCoupons }) =>
      change<LockCoupons>(
        userCoupons,
        'lock',
        twisting((held) => ({ ...held, used: false })),
      ),
  },
  {
    name: 'an expired coupon can be used',
    breaks: 'U1',
    plant: ({ userCoupons }) =>
      change<LockCoupons>(
        userCoupons,
        'lock',
        twisting((held) => ({ ...held, expired: false })),
      ),
  },
  {
    name: 'the discount is rounded in favour of the customer',
    breaks: '3',
    plant: ({ userCoupons }) =>
      change<LockCoupons>(
        userCoupons,
        'lock',
        twisting((held) => ({ ...held, discountRate: Math.min(100, held.discountRate + 1) })),
      ),
  },
  {
    name: 'coupons are read without a lock',
    breaks: 'U1',
    plant: ({ userCoupons, tables, database }) =>
      change(
        userCoupons,
        'lock',
        () => (tx: Transaction, requests: readonly UseRequest[]) =>
          memoryTransaction(tx).statement('read coupons', {
            run: () =>
              new Map(
                requests.flatMap(({ paymentId, couponId, userId }): [PaymentId, HeldCoupon][] => {
                  const row = [...tables.userCoupons.rows.values()].find((each) => each.couponId === couponId && each.userId === userId);
                  const held = row && {
                    userCouponId: row.id as HeldCoupon['userCouponId'],
                    discountRate: row.discountRate,
                    used: row.state === 'USED',
                  };
                  return held ? [[paymentId, { ...held, expired: (row?.expiresAtMs ?? 0) <= database.nowMs, orderHasCoupon: false }]] : [];
                }),
              ),
          }),
      ),
  },
  {
    name: 'a coupon is never given back',
    breaks: '3',
    plant: ({ userCoupons }) => change(userCoupons, 'cancelUses', () => () => Promise.resolve(new Set())),
  },
  {
    name: 'a compensation is reported in finally',
    breaks: 'P3',
    family: 'refused',
    plant: ({ listeners, bus, unitsOfWork }) =>
      change<(tx: Transaction, events: readonly ShopEvent<PaymentFailure>[]) => Promise<CompensationDone[]>>(
        listeners.couponFail,
        'cancel',
        (cancel) => async (tx: Transaction, events: readonly ShopEvent<PaymentFailure>[]) => {
          const reports = events.map(({ data: { paymentId, orderId } }) => ({ paymentId, orderId, domain: 'coupon', undone: true }));
          try {
            return await cancel(tx, events);
          } catch (fault) {
            await unitsOfWork.coupon.run((later) => bus.emit(later, ...reports.map((report) => OrderProcessingFailDone.of(report))));
            throw fault;
          }
        },
      ),
  },
  {
    name: 'a payment is charged as often as it is asked for',
    breaks: '3',
    plant: ({ journals, tables }) => {
      Reflect.deleteProperty(tables.entries.rules.unique ?? {}, 'payment');
      change<(tx: Transaction, step: string, ids: readonly number[]) => Promise<unknown>>(
        journals.user,
        'claim',
        (claim) =>
          async (...given: [Transaction, string, readonly number[]]) => {
            await claim(...given);
            return new Map();
          },
      );
    },
  },
  {
    name: 'a balance is written over whatever came in between',
    breaks: 'G1',
    plant: ({ accounts }) => change(accounts, 'isCurrent', () => () => true),
  },
  {
    name: 'a balance is decided on what it was some time ago',
    breaks: 'G1',
    plant: ({ accounts }) => {
      const remembered = new Map<unknown, Account>();
      change<(tx: Transaction, ids: readonly Account['userId'][]) => Promise<readonly Account[]>>(
        accounts,
        'read',
        (read) => async (tx: Transaction, ids: readonly Account['userId'][]) => {
          const accountsNow = await read(tx, ids);
          for (const account of accountsNow) if (!remembered.has(account.userId)) remembered.set(account.userId, account);
          return accountsNow.map((account) => ({ ...account, balance: remembered.get(account.userId)?.balance ?? account.balance }));
        },
      );
    },
  },
  {
    name: 'what was never charged is paid back',
    breaks: '3',
    plant: ({ accounts, listeners, tables }) => {
      change(
        accounts,
        'findCharges',
        () => (_: Transaction, paymentIds: readonly PaymentId[]) =>
          Promise.resolve(
            paymentIds.map((paymentId): PaymentPosting => {
              const attempt = tables.attempts.rows.get(paymentId);
              return {
                code: 'PAYMENT',
                paymentId,
                userId: attempt?.userId ?? (1 as Account['userId']),
                amount: money(-(attempt?.totalAmount ?? 1n)),
                note: null,
              };
            }),
          ),
      );
      change<(tx: Transaction, events: readonly ShopEvent<PaymentFailure>[]) => Promise<void>>(
        listeners.userFail,
        'voidCharge',
        (voidCharge) => async (tx: Transaction, events: readonly ShopEvent<PaymentFailure>[]) => {
          const user = listeners.userFail as unknown as { payBack(tx: Transaction, ids: readonly number[]): Promise<void> };
          await user.payBack(
            tx,
            events.map(({ data }) => data.paymentId),
          );
          await voidCharge(tx, events);
        },
      );
    },
  },
  {
    name: 'a voided charge is not paid back',
    breaks: '3',
    family: 'outage',
    plant: ({ listeners }) => change(listeners.userFail, 'payBack', () => () => Promise.resolve()),
  },
  {
    name: 'a repeated top-up is booked again',
    breaks: '1',
    plant: ({ accounts, tables }) => {
      Reflect.deleteProperty(tables.entries.rules.unique ?? {}, 'idempotency_key');
      change(accounts, 'findRepeated', () => () => Promise.resolve([]));
    },
  },
];
