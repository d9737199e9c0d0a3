import { setTimeout as sleep } from 'node:timers/promises';
import type { CouponGate } from '../../src/coupon/application/coupon-gate.port.js';
import { OnOrderFailListener } from '../../src/coupon/application/listeners/on-order-fail.listener.js';
import { OnOrderProcessingListener } from '../../src/coupon/application/listeners/on-order-processing.listener.js';
import { PgCouponGate } from '../../src/coupon/infrastructure/pg-coupon-gate.js';
import { PgCouponQueries } from '../../src/coupon/infrastructure/pg-coupon-queries.js';
import { PgCouponRepository } from '../../src/coupon/infrastructure/pg-coupon.repository.js';
import { PgUserCouponRepository } from '../../src/coupon/infrastructure/pg-user-coupon.repository.js';
import { RedisCouponGate } from '../../src/coupon/infrastructure/redis-coupon-gate.js';
import { RedisUserCouponRepository } from '../../src/coupon/infrastructure/redis-user-coupon.repository.js';
import { type DomainDatabase, type PgTransaction, pgTransaction, sql } from '../../src/database/database.js';
import { Databases } from '../../src/database/databases.js';
import { SystemClock } from '../../src/kernel/clock.js';
import type { CouponId, UserId } from '../../src/kernel/ids.js';
import type { DurableEvent, ShopEvent } from '../../src/messaging/event.js';
import { EventCatalogue } from '../../src/messaging/event-catalogue.js';
import { InProcessMessaging } from '../../src/messaging/in-process/in-process-messaging.js';
import { subscriptionsOf } from '../../src/messaging/listener.js';
import { PgSagaJournal } from '../../src/messaging/postgres/pg-saga-journal.js';
import { OrderPaymentFailDone } from '../../src/order/application/events/order-payment-fail-done.event.js';
import { OrderPaymentFail } from '../../src/order/application/events/order-payment-fail.event.js';
import { OrderProcessingFailDone } from '../../src/order/application/events/order-processing-fail-done.event.js';
import { OrderProcessingFail } from '../../src/order/application/events/order-processing-fail.event.js';
import { OrderProcessing } from '../../src/order/application/events/order-processing.event.js';
import type { PaymentFailure } from '../../src/order/application/events/payment-failure.js';
import { Redis, type RedisOptions } from '../../src/redis/redis.js';
import { type FreshDatabase, freshDatabase } from '../support/database.js';
import { connected } from '../support/redis.js';

/** The events of the shop as far as coupons are concerned. */
const catalogue = new EventCatalogue([
  { event: OrderProcessing, publishers: ['order'], subscribers: ['coupon.use-coupon'] },
  { event: OrderProcessingFail, publishers: ['product', 'coupon'], subscribers: ['coupon.cancel-use'] },
  { event: OrderPaymentFail, publishers: ['user', 'order'], subscribers: ['coupon.cancel-use'] },
  { event: OrderProcessingFailDone, publishers: ['coupon'], subscribers: [] },
  { event: OrderPaymentFailDone, publishers: ['coupon'], subscribers: [] },
]);

const DAY_MS = 86_400_000;
const SETTLE_POLL_MS = 5;

const USE = sql(
  'test.use-coupon',
  `UPDATE shop_coupon.user_coupon SET state = 'USED', order_id = $3, payment_id = $3, used_at = now() WHERE coupon_id = $1 AND user_id = $2`,
);

interface Payment {
  readonly paymentId: number;
  readonly orderId?: number;
  readonly userId?: number;
  readonly couponId: number | null;
  readonly totalAmount?: number;
}

export interface CouponDomainOptions {
  /** Without it the database keeps the gate. */
  readonly redis?: RedisOptions;
  readonly whileAway?: 'database' | 'refuse';
  readonly waitForRedis?: boolean;
}

/** The coupon domain on a database of its own, with the real bus before it. */
export class CouponDomain {
  private readonly messaging: InProcessMessaging;
  private readonly opened: { close(): unknown }[] = [];
  readonly gate: CouponGate;
  readonly queries: PgCouponQueries;

  private constructor(
    private readonly fresh: FreshDatabase,
    private readonly databases: Databases,
    private readonly options: CouponDomainOptions,
  ) {
    this.messaging = new InProcessMessaging(catalogue, databases, new SystemClock());
    this.gate = this.gateAt(databases.of('coupon'));
    this.queries = new PgCouponQueries(databases.of('coupon'));
  }

  static async start(options: CouponDomainOptions = {}): Promise<CouponDomain> {
    const fresh = await freshDatabase();
    const domain = new CouponDomain(fresh, new Databases({ url: fresh.url }), options);
    const { bus } = domain.messaging;
    const repository = options.redis ? new RedisUserCouponRepository(domain.connect(options.redis)) : new PgUserCouponRepository();
    const parts = [repository, new PgSagaJournal('coupon'), bus] as const;
    const listeners = [new OnOrderProcessingListener(...parts), new OnOrderFailListener(...parts)];
    await domain.messaging.start(
      listeners.flatMap((target) =>
        subscriptionsOf(Object.getPrototypeOf(target) as object).map((subscription) => ({ subscription, target })),
      ),
    );
    if (options.waitForRedis !== false) await domain.connected();
    return domain;
  }

  get databaseUrl(): string {
    return this.fresh.url;
  }

  async stop(): Promise<void> {
    await this.messaging.stop();
    await Promise.all([this.databases, ...this.opened].map((each) => each.close()));
    await this.fresh.drop();
  }

  /** Another process of the shop at the same gate. */
  anotherGate(): CouponGate {
    const databases = new Databases({ url: this.fresh.url });
    this.opened.push(databases);
    return this.gateAt(databases.of('coupon'));
  }

  /** As a process has it that came up a while ago. */
  private gateAt(database: DomainDatabase): CouponGate {
    const { redis, whileAway = 'database' } = this.options;
    return redis ? new RedisCouponGate(this.connect(redis), database, whileAway) : new PgCouponGate(database);
  }

  private connect(options: RedisOptions): Redis {
    const redis = new Redis(options);
    this.opened.push(redis);
    return redis;
  }

  /** The connections to Redis that were asked for. */
  async connected(): Promise<void> {
    await Promise.all(this.opened.filter((each) => each instanceof Redis).map(connected));
  }

  /** Runs `work` while another process holds the coupon's row. */
  async whileLocked(couponId: CouponId, work: () => Promise<void>): Promise<void> {
    await this.elsewhere(async (tx) => {
      await tx.query(sql('test.lock-coupon', 'SELECT FROM shop_coupon.coupon WHERE id = $1 FOR UPDATE'), [couponId]);
      await work();
    });
  }

  /** Another process has used the coupon and commits only when `start` waits for it. @returns what `start` came to. */
  async overtakenBy<T>(
    use: { readonly couponId: CouponId; readonly userId: number; readonly orderId: number },
    start: () => Promise<T>,
  ): Promise<T> {
    let overtaken: Promise<T> | undefined;
    await this.elsewhere(async (tx) => {
      await tx.query(USE, [use.couponId, use.userId, use.orderId]);
      overtaken = start();
      await this.untilSomebodyWaits();
    });
    return overtaken as Promise<T>;
  }

  private async elsewhere(work: (tx: PgTransaction) => Promise<void>): Promise<void> {
    const databases = new Databases({ url: this.fresh.url });
    try {
      await databases.of('coupon').run((tx) => work(pgTransaction(tx)));
    } finally {
      await databases.close();
    }
  }

  private async untilSomebodyWaits(): Promise<void> {
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    while ((await this.rows(waiting)).length === 0) await sleep(SETTLE_POLL_MS);
  }

  async offer({
    quantity = 1,
    discountRate = 10,
    startsAt = undefined as Date | undefined,
    expiresAt = new Date(Date.now() + DAY_MS),
  } = {}): Promise<CouponId> {
    const terms = { name: 'Ten off', quantity, discountRate, startsAt, expiresAt };
    const coupon = await this.databases.of('coupon').run((tx) => new PgCouponRepository().add(tx, terms));
    if (!coupon) throw new Error('not offered');
    return coupon.couponId;
  }

  /** Sets the coupon's end into the past, as waiting would. */
  async expire(couponId: CouponId): Promise<void> {
    await this.rows(
      `UPDATE shop_coupon.coupon SET starts_at = now() - interval '2 days', expires_at = now() - interval '1 second' WHERE id = $1`,
      [couponId],
    );
  }

  /** @returns the admission number or the code of the refusal. */
  async issue(couponId: number, userId: number, gate = this.gate): Promise<number | string> {
    const issued = await gate.issue({ couponId: couponId as CouponId, userId: userId as UserId });
    return issued.ok ? issued.value.admission : issued.refusal.code;
  }

  /** @returns the discount or the code of the refusal; undefined without either. */
  async use({ paymentId, orderId = paymentId, userId = 1, couponId, totalAmount = 1_000 }: Payment): Promise<number | string | undefined> {
    const reply = await this.messaging.bus.emitAsync(OrderProcessing.of({ paymentId, orderId, userId, couponId, totalAmount }));
    return reply.ok ? reply.answer.discountAmount : reply.refusals[0].code;
  }

  /** Another domain refuses these payments; returns when the compensations are made. */
  async fail(definition: DurableEvent<PaymentFailure>, ...paymentIds: readonly number[]): Promise<void> {
    const source = definition === OrderProcessingFail ? 'product' : 'user';
    const events = paymentIds.map((paymentId) =>
      definition.of({
        paymentId,
        orderId: paymentId,
        userId: 1,
        refusedBy: `${source}.test`,
        code: 'REFUSED',
        message: 'refused by the test',
      }),
    );
    await this.databases.of(source).run((tx) => this.messaging.bus.emit(tx, ...events));
    await this.settle();
  }

  async settle(): Promise<void> {
    while ((await this.messaging.lag()).some(({ events }) => events > 0)) await sleep(SETTLE_POLL_MS);
  }

  /** What the coupon domain has published, the data of each event, in order of payment. */
  async published(event: { readonly type: string }): Promise<readonly ShopEvent['data'][]> {
    const rows = await this.rows<{ data: ShopEvent['data'] }>(
      `SELECT data FROM shop_coupon.event_log WHERE topic = $1 ORDER BY (data ->> 'paymentId')::bigint, shard, position`,
      [event.type],
    );
    return rows.map(({ data }) => data);
  }

  rows<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.databases.of('coupon').query<Row>(sql(`test.${text.length}.${text.slice(0, 40)}`, text), values);
  }
}
