import { setTimeout as sleep } from 'node:timers/promises';
import { Databases } from '../../src/database/databases.js';
import { type DomainDatabase, sql } from '../../src/database/database.js';
import { eventCatalogue } from '../../src/event-catalogue.js';
import { SystemClock } from '../../src/kernel/clock.js';
import type { ProductId, ProductOptionId, UserId } from '../../src/kernel/ids.js';
import { money } from '../../src/kernel/money.js';
import { type Transaction, UnitOfWork } from '../../src/kernel/transaction.js';
import type { DurableEvent, Unsent } from '../../src/messaging/event.js';
import { EventCatalogue } from '../../src/messaging/event-catalogue.js';
import { InProcessMessaging } from '../../src/messaging/in-process/in-process-messaging.js';
import { subscriptionsOf } from '../../src/messaging/listener.js';
import { PgSagaJournal } from '../../src/messaging/postgres/pg-saga-journal.js';
import { OrderPlacing } from '../../src/order/application/events/order-placing.event.js';
import { OrderProcessing } from '../../src/order/application/events/order-processing.event.js';
import { ChangeProductUseCase } from '../../src/product/application/change-product.use-case.js';
import { ChangedAvailability } from '../../src/product/application/changed-availability.js';
import { CreateProductUseCase } from '../../src/product/application/create-product.use-case.js';
import { OnOrderCancelledListener } from '../../src/product/application/listeners/on-order-cancelled.listener.js';
import { OnOrderExpiredListener } from '../../src/product/application/listeners/on-order-expired.listener.js';
import { OnOrderFailListener } from '../../src/product/application/listeners/on-order-fail.listener.js';
import { OnOrderPlacingListener } from '../../src/product/application/listeners/on-order-placing.listener.js';
import { OnOrderProcessedListener } from '../../src/product/application/listeners/on-order-processed.listener.js';
import { OnOrderProcessingListener } from '../../src/product/application/listeners/on-order-processing.listener.js';
import { ProductPublication } from '../../src/product/application/product-publication.js';
import { PublishAvailabilityUseCase } from '../../src/product/application/publish-availability.use-case.js';
import { ReceiveStockUseCase } from '../../src/product/application/receive-stock.use-case.js';
import { ReleaseExpiredHoldsUseCase } from '../../src/product/application/release-expired-holds.use-case.js';
import type { NewProduct } from '../../src/product/domain/product.repository.js';
import { PgProductQueries } from '../../src/product/infrastructure/pg-product-queries.js';
import { PgProductRepository } from '../../src/product/infrastructure/pg-product.repository.js';
import { DayCopies } from '../../src/product/infrastructure/day-copies.js';
import { PgSalesRankingRepository } from '../../src/product/infrastructure/pg-sales-ranking.repository.js';
import { PgTopSellerQueries } from '../../src/product/infrastructure/pg-top-seller-queries.js';
import { RedisSalesRankingRepository } from '../../src/product/infrastructure/redis-sales-ranking.repository.js';
import { RedisTopSellerQueries } from '../../src/product/infrastructure/redis-top-seller-queries.js';
import type { RedisOptions } from '../../src/redis/redis.js';
import { PgStockRepository } from '../../src/product/infrastructure/pg-stock.repository.js';
import { freshDatabase } from '../support/database.js';
import { connectedRedis } from '../support/redis.js';

const OPERATOR = 1 as UserId;
const CUSTOMER = 2;
const SETTLE_MS_MAX = 20_000;

export interface OptionRow {
  readonly stock: number;
  readonly reserved: number;
}

/** Invariant 2: stock + confirmed − returned = all receipts; reserved = live holds. */
const BROKEN_OPTIONS = `
  SELECT o.product_option_id, o.stock, o.reserved, holds.sold, holds.held, receipts.received
  FROM shop_product.product_option o
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(quantity) FILTER (WHERE state = 'CONFIRMED'), 0) AS sold, coalesce(sum(quantity) FILTER (WHERE state = 'HELD'), 0) AS held
    FROM shop_product.stock_hold h WHERE h.product_option_id = o.product_option_id
  ) AS holds
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(quantity), 0) AS received FROM shop_product.stock_receipt r WHERE r.product_option_id = o.product_option_id
  ) AS receipts
  WHERE o.stock + holds.sold <> receipts.received OR o.reserved <> holds.held`;

/** Knows how often a transaction had to run again, which a deadlock is the only reason for here. */
class CountingUnitOfWork extends UnitOfWork {
  retries = 0;

  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  override run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    let attempts = 0;
    return this.unitOfWork.run((tx) => {
      if (++attempts > 1) this.retries++;
      return work(tx);
    });
  }
}

export type ProductDomain = Awaited<ReturnType<typeof openProductDomain>>;

/** The product domain alone on a real database: its listeners on a real bus, everybody else's events sent by the test. */
export async function openProductDomain({ redis: redisOptions }: { readonly redis?: RedisOptions } = {}) {
  const fresh = await freshDatabase();
  const databases = new Databases({ url: fresh.url });
  const database = databases.of('product');
  const unitOfWork = new CountingUnitOfWork(database);
  const redis = redisOptions && (await connectedRedis(redisOptions));
  const copies = redis && new DayCopies(redis, database);
  const ranking = new PgTopSellerQueries(database);
  const catalogue = new EventCatalogue(
    eventCatalogue.entries.map((entry) => ({ ...entry, subscribers: entry.subscribers.filter((name) => name.startsWith('product.')) })),
  );
  const messaging = new InProcessMessaging(catalogue, databases, new SystemClock());
  const { bus } = messaging;
  const stock = new PgStockRepository({ holdMinutes: 10 });
  const products = new PgProductRepository();
  const journal = new PgSagaJournal('product');
  const changed = new ChangedAvailability();
  const publication = new ProductPublication(products, bus);
  const listeners = {
    placing: new OnOrderPlacingListener(stock, journal, changed),
    processing: new OnOrderProcessingListener(stock, journal, bus),
    fail: new OnOrderFailListener(stock, journal, bus),
    expired: new OnOrderExpiredListener(stock, changed),
    cancelled: new OnOrderCancelledListener(stock, changed),
    processed: new OnOrderProcessedListener(copies ? new RedisSalesRankingRepository(copies) : new PgSalesRankingRepository()),
  };
  const bound = Object.values(listeners).flatMap((target) =>
    subscriptionsOf(Object.getPrototypeOf(target) as object).map((subscription) => ({ subscription, target })),
  );
  await messaging.start(bound);
  const create = new CreateProductUseCase(unitOfWork, products, publication);

  return {
    unitOfWork,
    bus,
    listeners,
    releaseExpiredHolds: new ReleaseExpiredHoldsUseCase(unitOfWork, stock, changed),
    publishAvailability: new PublishAvailabilityUseCase(unitOfWork, products, publication, changed),
    receiveStock: new ReceiveStockUseCase(unitOfWork, products, publication),
    changeProduct: new ChangeProductUseCase(unitOfWork, products, publication),
    queries: new PgProductQueries(database),
    ranking: copies ? new RedisTopSellerQueries(copies, database, ranking) : ranking,

    /** A product with one option per stock figure. */
    async product(
      stocks: readonly number[],
      facts: Partial<NewProduct> = {},
    ): Promise<{ productId: ProductId; options: ProductOptionId[] }> {
      const options = stocks.map((pieces, index) => ({ name: `option ${index + 1}`, stock: pieces }));
      const product = { name: 'Teapot', description: '', category: 'kitchen', price: money(1_000), onSale: true, options, ...facts };
      const productId = await create.execute(product, OPERATOR);
      const detail = await this.queries.detail(productId);
      return { productId, options: (detail?.options ?? []).map(({ productOptionId }) => productOptionId) };
    },

    place: (orderId: number, ...lines: readonly (readonly [option: ProductOptionId, quantity: number])[]) =>
      bus.emitAsync(
        OrderPlacing.of({ orderId, userId: CUSTOMER, items: lines.map(([productOptionId, quantity]) => ({ productOptionId, quantity })) }),
      ),

    pay: (paymentId: number, orderId: number) =>
      bus.emitAsync(OrderProcessing.of({ paymentId, orderId, userId: CUSTOMER, couponId: null, totalAmount: 1_000 })),

    /** Publishes durable events as another domain does, and waits until they have been handled. */
    async publish(from: string, ...events: readonly Unsent<DurableEvent>[]): Promise<void> {
      await databases.of(from).run((tx) => bus.emit(tx, ...events));
      await this.settle();
    },

    /** As a process that ends and another that takes its place. */
    async restartDelivery(): Promise<void> {
      await messaging.stop();
      const successor = new InProcessMessaging(catalogue, databases, new SystemClock());
      await successor.start(bound);
      while ((await successor.lag()).some(({ events }) => events > 0)) await sleep(5);
      await successor.stop();
    },

    async settle(): Promise<void> {
      const giveUpAt = Date.now() + SETTLE_MS_MAX;
      while ((await messaging.lag()).some(({ events }) => events > 0)) {
        if (Date.now() > giveUpAt) throw new Error('durable events are left over');
        await sleep(5);
      }
    },

    option: (id: ProductOptionId): Promise<OptionRow> =>
      one(database, 'SELECT stock, reserved FROM shop_product.product_option WHERE product_option_id = $1', [id]),

    async holdStates(orderId: number): Promise<string[]> {
      const text = 'SELECT state FROM shop_product.stock_hold WHERE order_id = $1 ORDER BY product_option_id';
      return (await rows<{ state: string }>(database, text, [orderId])).map(({ state }) => state);
    },

    /** What this domain has published of a type, in order of publication. */
    async published<Data>(type: string): Promise<Data[]> {
      const text = 'SELECT data FROM shop_product.event_log WHERE topic = $1 ORDER BY shard, position';
      return (await rows<{ data: Data }>(database, text, [type])).map(({ data }) => data);
    },

    /** Turns back the clock of holds: makes them expire `seconds` ago. */
    async expire(orderIds: readonly number[], seconds: number): Promise<void> {
      const text = 'UPDATE shop_product.stock_hold SET expires_at = now() - make_interval(secs => $2) WHERE order_id = ANY ($1::bigint[])';
      await rows(database, text, [orderIds, seconds]);
    },

    rows: <Row extends object>(text: string, values: readonly unknown[] = []) => rows<Row>(database, text, values),

    /** @throws when an option breaks invariant 2. */
    async close(): Promise<void> {
      const broken = await rows(database, BROKEN_OPTIONS);
      await messaging.stop();
      redis?.close();
      await databases.close();
      await fresh.drop();
      if (broken.length > 0) throw new Error(`stock and holds disagree: ${JSON.stringify(broken)}`);
    },
  };
}

/** A statement's name is its text here: tests have no other use for it. */
const rows = <Row extends object>(database: DomainDatabase, text: string, values: readonly unknown[] = []): Promise<Row[]> =>
  database.query<Row>(sql('', text), values);

async function one<Row extends object>(database: DomainDatabase, text: string, values: readonly unknown[]): Promise<Row> {
  const [row] = await rows<Row>(database, text, values);
  if (!row) throw new Error('no such row');
  return row;
}
