import { setTimeout as sleep } from 'node:timers/promises';
import { type PgTransaction, pgTransaction, sql } from '../../src/database/database.js';
import { Databases } from '../../src/database/databases.js';
import { SystemClock } from '../../src/kernel/clock.js';
import type { UserId } from '../../src/kernel/ids.js';
import { money } from '../../src/kernel/money.js';
import type { ShopEvent } from '../../src/messaging/event.js';
import { EventCatalogue } from '../../src/messaging/event-catalogue.js';
import { InProcessMessaging } from '../../src/messaging/in-process/in-process-messaging.js';
import { subscriptionsOf } from '../../src/messaging/listener.js';
import { PgSagaJournal } from '../../src/messaging/postgres/pg-saga-journal.js';
import { OrderPaymentFailDone } from '../../src/order/application/events/order-payment-fail-done.event.js';
import { OrderPaymentFail } from '../../src/order/application/events/order-payment-fail.event.js';
import { OrderPayment } from '../../src/order/application/events/order-payment.event.js';
import { ChangeBalanceUseCase } from '../../src/user/application/change-balance.use-case.js';
import { LedgerService } from '../../src/user/application/ledger.service.js';
import { OnOrderFailListener } from '../../src/user/application/listeners/on-order-fail.listener.js';
import { OnOrderPaymentListener } from '../../src/user/application/listeners/on-order-payment.listener.js';
import { PgAccountQueries } from '../../src/user/infrastructure/pg-account-queries.js';
import { PgAccountRepository } from '../../src/user/infrastructure/pg-account.repository.js';
import { PgCredentialsRepository } from '../../src/user/infrastructure/pg-credentials.repository.js';
import { type FreshDatabase, freshDatabase } from '../support/database.js';

/** The events of the shop as far as balances are concerned. */
const catalogue = new EventCatalogue([
  { event: OrderPayment, publishers: ['order'], subscribers: ['user.deduct-balance'] },
  { event: OrderPaymentFail, publishers: ['user', 'order'], subscribers: ['user.void-charge'] },
  { event: OrderPaymentFailDone, publishers: ['user'], subscribers: [] },
]);

const SETTLE_POLL_MS = 5;
export const OPERATOR_ID = 999_999 as UserId;

/** Rows that break invariant 1: none, ever. */
const VIOLATIONS = `
  SELECT 'the ledger does not sum to zero' AS what, 0 AS id FROM shop_user.ledger HAVING coalesce(sum(amount), 0) <> 0
  UNION ALL
  SELECT 'a balance is not the sum of its entries', a.id FROM shop_user.account a
  LEFT JOIN shop_user.ledger_entry e ON e.user_id = a.id GROUP BY a.id HAVING a.balance <> coalesce(sum(e.amount), 0)
  UNION ALL
  SELECT 'an entry does not begin where the one before ended', id
  FROM (SELECT id, before_amount, lag(after_amount, 1, 0) OVER (PARTITION BY user_id ORDER BY id) AS left_behind FROM shop_user.ledger_entry) e
  WHERE before_amount <> left_behind
  UNION ALL
  SELECT 'two halves differ', e.id FROM shop_user.ledger_entry e FULL JOIN shop_user.contra_entry c ON c.entry_id = e.id
  WHERE e.amount + c.amount IS DISTINCT FROM 0 OR e.contra_account <> c.account
  UNION ALL
  SELECT 'the version does not count the changes', a.id FROM shop_user.account a
  WHERE a.version > (SELECT count(*) FROM shop_user.ledger_entry e WHERE e.user_id = a.id)`;

interface Payment {
  readonly paymentId: number;
  readonly userId: number;
  readonly amount: number;
}

/** One process of the user domain: the real bus before it, the real database behind it. */
export class UserDomain {
  private readonly databases: Databases;
  private readonly messaging: InProcessMessaging;
  readonly queries: PgAccountQueries;
  readonly changeBalance: ChangeBalanceUseCase;

  private constructor(private readonly fresh: FreshDatabase) {
    this.databases = new Databases({ url: fresh.url });
    this.messaging = new InProcessMessaging(catalogue, this.databases, new SystemClock());
    this.queries = new PgAccountQueries(this.database);
    this.changeBalance = new ChangeBalanceUseCase(this.database, new LedgerService(new PgAccountRepository()));
  }

  static start(): Promise<UserDomain> {
    return freshDatabase().then((fresh) => UserDomain.on(fresh));
  }

  /** A second process on the same database. */
  another(): Promise<UserDomain> {
    return UserDomain.on({ url: this.fresh.url, drop: () => Promise.resolve() });
  }

  private static async on(fresh: FreshDatabase): Promise<UserDomain> {
    const domain = new UserDomain(fresh);
    const accounts = new PgAccountRepository();
    const parts = [new LedgerService(accounts), new PgSagaJournal('user'), domain.messaging.bus] as const;
    const listeners = [new OnOrderPaymentListener(...parts), new OnOrderFailListener(accounts, ...parts)];
    await domain.messaging.start(
      listeners.flatMap((target) =>
        subscriptionsOf(Object.getPrototypeOf(target) as object).map((subscription) => ({ subscription, target })),
      ),
    );
    return domain;
  }

  async stop(): Promise<void> {
    await this.messaging.stop();
    await this.databases.close();
    await this.fresh.drop();
  }

  get database() {
    return this.databases.of('user');
  }

  /** A customer with a balance that came in by a top-up. */
  async customer(balance = 0): Promise<UserId> {
    const email = `customer-${crypto.randomUUID()}@example.com`;
    const userId = await this.database.run((tx) => new PgCredentialsRepository().addCustomer(tx, email, 'no password'));
    if (userId === null) throw new Error('not opened');
    if (balance > 0) await this.topUp(userId, balance);
    return userId;
  }

  /** @returns the balance after it, or the code of the refusal. */
  async topUp(
    userId: number,
    amount: number,
    options: { idempotencyKey?: string; code?: 'CHARGE' | 'ADJUST' } = {},
  ): Promise<number | string> {
    const { idempotencyKey = null, code = 'CHARGE' } = options;
    const change = { code, userId: userId as UserId, actorId: OPERATOR_ID, idempotencyKey, amount: money(amount), note: null };
    const verdict = await this.changeBalance.execute(change);
    return verdict.ok ? Number(verdict.value.balance) : verdict.refusal.code;
  }

  /** @returns the balance that remains, or the code of the refusal. */
  async pay({ paymentId, userId, amount }: Payment): Promise<number | string> {
    const reply = await this.messaging.bus.emitAsync(OrderPayment.of({ paymentId, orderId: paymentId, userId, amount }));
    return reply.ok ? reply.answer.remainingBalance : reply.refusals[0].code;
  }

  /** The payments run out of time; returns when all that was charged for them is given back. */
  async fail(...paymentIds: readonly number[]): Promise<void> {
    const events = paymentIds.map((paymentId) =>
      OrderPaymentFail.of({
        paymentId,
        orderId: paymentId,
        userId: 1,
        refusedBy: 'order.deadline',
        code: 'PAYMENT_TIMEOUT',
        message: 'too late',
      }),
    );
    await this.databases.of('order').run((tx) => this.messaging.bus.emit(tx, ...events));
    await this.settle();
  }

  async settle(): Promise<void> {
    while ((await this.messaging.lag()).some(({ events }) => events > 0)) await sleep(SETTLE_POLL_MS);
  }

  async balance(userId: UserId): Promise<number | undefined> {
    return (await this.queries.profile(userId))?.balance;
  }

  /** Codes and amounts of a user's entries, oldest first. */
  async entries(userId: UserId): Promise<[string, number][]> {
    const entries = (await this.queries.entries(userId, { rowsMax: 1_000 })) ?? [];
    return entries.map(({ code, amount }): [string, number] => [code, amount]).toReversed();
  }

  /** @throws when invariant 1 does not hold, for anybody. */
  async assertCleanBooks(): Promise<void> {
    const violations = await this.rows(VIOLATIONS);
    if (violations.length > 0) throw new Error(`the books are wrong: ${JSON.stringify(violations)}`);
  }

  /** What the user domain has published of these payments, the data of each event. */
  async published(event: { readonly type: string }, ...paymentIds: readonly number[]): Promise<readonly ShopEvent['data'][]> {
    const rows = await this.rows<{ data: ShopEvent['data'] }>(
      `SELECT data FROM shop_user.event_log WHERE topic = $1 AND (data ->> 'paymentId')::bigint = ANY ($2::bigint[]) ORDER BY (data ->> 'paymentId')::bigint`,
      [event.type, paymentIds],
    );
    return rows.map(({ data }) => data);
  }

  /** Runs `work` in a transaction of another process, which commits when `start` waits for it and `meanwhile` is done. */
  async whileOvertaken(
    work: (tx: PgTransaction) => Promise<void>,
    start: () => Promise<unknown>,
    meanwhile: () => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const databases = new Databases({ url: this.fresh.url });
    let overtaken: Promise<unknown> | undefined;
    try {
      await databases.of('user').run(async (tx) => {
        await work(pgTransaction(tx));
        overtaken = start();
        await this.untilSomebodyWaits();
        await meanwhile();
      });
      await overtaken;
    } finally {
      await databases.close();
    }
  }

  private async untilSomebodyWaits(): Promise<void> {
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    while ((await this.rows(waiting)).length === 0) await sleep(SETTLE_POLL_MS);
  }

  rows<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.database.query<Row>(sql(`test.${text.length}.${text.slice(0, 40)}`, text), values);
  }
}
