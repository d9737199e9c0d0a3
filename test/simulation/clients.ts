import type { CouponId, OrderId, ProductOptionId, UserId } from '../../src/kernel/ids.js';
import { money } from '../../src/kernel/money.js';
import type { Result } from '../../src/kernel/result.js';
import type { PaymentOutcome } from '../../src/order/application/process-payment.use-case.js';
import type { Verdict } from '../../src/user/domain/ledger.js';
import { AnswerChecks } from './answer-checks.js';
import { isInjected } from './faults.js';
import type { Operation } from './history.js';
import { OUTSIDE } from './scheduler.js';
import type { ShopProcess } from './shop-process.js';
import type { World } from './world.js';

const LOOK_AGAIN_MS = 10;
const REPEAT_AFTER_MS = 150;
const INSIST_AFTER_MS = 500;
const OPERATOR = 99 as UserId;

type Kind<Name extends Operation['kind']> = Extract<Operation, { kind: Name }>;

type Payment = Pick<Kind<'pay'>, 'process' | 'coupon' | 'respondAsync' | 'by'> & { readonly insists?: boolean };

/** The shop's customers: each operation is one request, perhaps repeated when its answer was lost. */
export class Clients {
  private readonly placed = new Map<number, OrderId | 'nothing'>();
  readonly checks: AnswerChecks;
  private waiting = 0;
  /** What was answered, by operation and answer. */
  readonly answers = new Map<string, number>();

  constructor(private readonly world: World) {
    this.checks = new AnswerChecks(world);
  }

  get areDone(): boolean {
    return this.waiting === 0;
  }

  start(operations: readonly Operation[]): void {
    for (const operation of operations) this.at(operation.atMs, () => this.carryOut(operation));
  }

  private carryOut(operation: Operation): void {
    switch (operation.kind) {
      case 'place':
        return this.place(operation, operation.repeats);
      case 'pay':
        return this.withOrder(operation.order, (orderId) => this.pay(operation, orderId, operation.repeats));
      case 'cancel':
        return this.withOrder(operation.order, (orderId) => this.cancel(operation, orderId));
      case 'top up':
        return this.topUp(operation, operation.repeats);
    }
  }

  private place(operation: Kind<'place'>, repeats: number): void {
    const { process, order, user, lines, key } = operation;
    const items = lines.map(({ option, quantity }) => ({ productOptionId: option as ProductOptionId, quantity }));
    const request = { userId: user as UserId, items, idempotencyKey: key };
    this.ask(process, `place ${JSON.stringify(lines)} for user ${user} (${key})`, (shop) => shop.createOrder.execute(request), {
      answered: (result) => {
        this.checks.placed(result, request);
        this.placed.set(order, result.ok ? result.value.id : 'nothing');
      },
      unanswered: () => {
        if (key !== null && repeats > 0) {
          this.later(REPEAT_AFTER_MS, () => this.place({ ...operation, process: process + 1 }, repeats - 1));
        } else this.placed.set(order, 'nothing');
      },
    });
  }

  /** @param userId who pays: it may be somebody who has no business with this order. */
  pay({ process, coupon, respondAsync, by, insists }: Payment, orderId: OrderId, repeats: number): void {
    const userId = (by ?? this.world.tables.orders.rows.get(orderId)?.userId ?? 1) as UserId;
    const request = { orderId, userId, couponId: coupon as CouponId | null, respondAsync };
    const work = (shop: ShopProcess): Promise<Result<PaymentOutcome>> => shop.processPayment.execute(request);
    this.ask(process, `pay order ${orderId} by user ${userId}${coupon ? ` with coupon ${coupon}` : ''}`, work, {
      answered: (result) => {
        this.checks.paid(result, request);
        // The lock of a process that died lasts a while.
        if (insists && !result.ok && result.refusal.code === 'PAYMENT_IN_PROGRESS') {
          this.later(INSIST_AFTER_MS, () => this.pay({ process, coupon, respondAsync, insists }, orderId, 0));
        }
      },
      unanswered: () => {
        if (repeats > 0) {
          this.later(REPEAT_AFTER_MS, () =>
            this.pay({ process: process + 1, coupon, respondAsync, ...(by ? { by } : {}) }, orderId, repeats - 1),
          );
        }
      },
    });
  }

  private cancel({ process }: Kind<'cancel'>, orderId: OrderId): void {
    const userId = this.world.tables.orders.rows.get(orderId)?.userId as UserId;
    this.ask(process, `cancel order ${orderId}`, (shop) => shop.cancelOrder.execute(orderId, userId), {
      answered: (result) => this.checks.cancelled(result, orderId),
      unanswered: () => {},
    });
  }

  private topUp(operation: Kind<'top up'>, repeats: number): void {
    const { process, user, amount, key } = operation;
    const posting = {
      code: 'CHARGE',
      userId: user as UserId,
      amount: money(amount),
      note: null,
      actorId: OPERATOR,
      idempotencyKey: key,
    } as const;
    this.checks.asksForTopUp(posting);
    this.ask(process, `top up user ${user} by ${amount} (${key})`, (shop) => shop.changeBalance.execute(posting), {
      answered: (result) => this.checks.toppedUp(result as Verdict, posting),
      unanswered: () => {
        if (key !== null && repeats > 0) this.later(REPEAT_AFTER_MS, () => this.topUp({ ...operation, process: process + 1 }, repeats - 1));
      },
    });
  }

  /** Waits for the answer to the placing, if it is still to come. */
  private withOrder(order: number, then: (orderId: OrderId) => void): void {
    const orderId = this.placed.get(order);
    if (orderId === undefined) return this.later(LOOK_AGAIN_MS, () => this.withOrder(order, then));
    if (orderId !== 'nothing') then(orderId);
  }

  private ask<Value>(
    choice: number,
    what: string,
    work: (process: ShopProcess) => Promise<Result<Value>>,
    then: { readonly answered: (result: Result<Value>) => void; readonly unanswered: () => void },
  ): void {
    const { world } = this;
    world.note(OUTSIDE, `→ ${what}`);
    this.waiting++;
    const over = (answer: string, next: () => void): void => {
      world.note(world.scheduler.context, `← ${what}: ${answer}`);
      const kind = `${what.split(' ')[0]} ${answer.split(' ')[0]}`;
      this.answers.set(kind, (this.answers.get(kind) ?? 0) + 1);
      next();
      this.waiting--;
    };
    world.call(choice, work, {
      answered: (result) => {
        if (world.striker.losesAnswer()) over('answer-lost', then.unanswered);
        else over(describe(result), () => then.answered(result));
      },
      failed: (fault) => {
        if (!isInjected(fault)) world.deliveries.report(fault, what);
        over('503', then.unanswered);
      },
      died: () => over('connection-lost', then.unanswered),
    });
  }

  private later(delayMs: number, work: () => void): void {
    this.at(this.world.scheduler.nowMs + delayMs, work);
  }

  private at(atMs: number, work: () => void): void {
    this.waiting++;
    this.world.scheduler.at(atMs, OUTSIDE, () => {
      this.waiting--;
      work();
    });
  }
}

function describe(result: Result<unknown>): string {
  if (!result.ok) return `${result.refusal.code}: ${result.refusal.message}`;
  const { status, id } = result.value as { status?: string; id?: number };
  return status ?? (id === undefined ? 'OK' : `order ${id}`);
}
