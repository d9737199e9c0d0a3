import { OnOrderFailListener as CouponOnOrderFail } from '../../src/coupon/application/listeners/on-order-fail.listener.js';
import { OnOrderProcessingListener as CouponOnOrderProcessing } from '../../src/coupon/application/listeners/on-order-processing.listener.js';
import { eventCatalogue } from '../../src/event-catalogue.js';
import { SystemClock } from '../../src/kernel/clock.js';
import type { LoggedEvent } from '../../src/messaging/event-log.js';
import type { ShopEvent } from '../../src/messaging/event.js';
import { domainOf, subscriptionsOf } from '../../src/messaging/listener.js';
import { Periodic } from '../../src/messaging/periodic.js';
import { CancelOrderUseCase } from '../../src/order/application/cancel-order.use-case.js';
import { CreateOrderUseCase } from '../../src/order/application/create-order.use-case.js';
import { ExpireOrdersUseCase } from '../../src/order/application/expire-orders.use-case.js';
import { OnOrderFailListener } from '../../src/order/application/listeners/on-order-fail.listener.js';
import { HandOverService } from '../../src/order/application/hand-over.service.js';
import { OnOrderProcessedListener } from '../../src/order/application/listeners/on-order-processed.listener.js';
import { OrderChanges } from '../../src/order/application/order-changes.js';
import { OrderService } from '../../src/order/application/order.service.js';
import { ProcessPaymentUseCase } from '../../src/order/application/process-payment.use-case.js';
import { RecoverPaymentsUseCase } from '../../src/order/application/recover-payments.use-case.js';
import { OrderTimers } from '../../src/order/infrastructure/order-timers.js';
import { ChangedAvailability } from '../../src/product/application/changed-availability.js';
import { OnOrderCancelledListener } from '../../src/product/application/listeners/on-order-cancelled.listener.js';
import { OnOrderExpiredListener } from '../../src/product/application/listeners/on-order-expired.listener.js';
import { OnOrderFailListener as ProductOnOrderFail } from '../../src/product/application/listeners/on-order-fail.listener.js';
import { OnOrderPlacingListener } from '../../src/product/application/listeners/on-order-placing.listener.js';
import { OnOrderProcessedListener as ProductOnOrderProcessed } from '../../src/product/application/listeners/on-order-processed.listener.js';
import { OnOrderProcessingListener as ProductOnOrderProcessing } from '../../src/product/application/listeners/on-order-processing.listener.js';
import { ReleaseExpiredHoldsUseCase } from '../../src/product/application/release-expired-holds.use-case.js';
import { ChangeBalanceUseCase } from '../../src/user/application/change-balance.use-case.js';
import { LedgerService } from '../../src/user/application/ledger.service.js';
import { OnOrderFailListener as UserOnOrderFail } from '../../src/user/application/listeners/on-order-fail.listener.js';
import { OnOrderPaymentListener } from '../../src/user/application/listeners/on-order-payment.listener.js';
import type { Deliveries, Handler } from './deliveries.js';
import { type Domain, ofDomains } from './domains.js';
import { InProcessShape } from './in-process-shape.js';
import { KafkaShape } from './kafka/kafka-shape.js';
import type { MemoryBroker } from './kafka/memory-broker.js';
import type { Context } from './scheduler.js';
import { MemoryAccountRepository } from './store/memory-account-repository.js';
import { MemoryCursorStore } from './store/memory-cursor-store.js';
import type { MemoryDatabase } from './store/memory-database.js';
import { MemoryEventLog } from './store/memory-event-log.js';
import { MemoryOrderRepository, type Periods } from './store/memory-order-repository.js';
import { MemoryDataPlatformAcks } from './store/memory-data-platform-acks.js';
import { MemoryDataPlatform, MemoryPaymentLock } from './store/memory-others.js';
import { MemoryParkedEvents } from './store/memory-parked-events.js';
import { MemorySagaJournal } from './store/memory-saga-journal.js';
import { MemorySalesRanking, MemoryStockRepository } from './store/memory-stock-repository.js';
import { MemoryUnitOfWork } from './store/memory-unit-of-work.js';
import { MemoryUserCouponRepository } from './store/memory-user-coupon-repository.js';
import type { ShopTables } from './store/shop-tables.js';

const SWEEP_EVERY_MS = 1_000;
const EMBEDDED = { kind: 'embedded' } as const;
const OF_YOUR_OWN = { kind: 'url', url: 'memory' } as const;
/** Where a process runs. */
export interface Site {
  readonly database: MemoryDatabase;
  readonly tables: ShopTables;
  readonly context: Context;
  readonly periods: Periods;
  readonly deliveries: Deliveries;
  /** With the embedded database there is one process, and nobody else can hold a lease when it starts. */
  readonly isAlone: boolean;
  /** Where the domains talk over Kafka. */
  readonly broker: { readonly broker: MemoryBroker; readonly replyPartition: number } | undefined;
}

/**
 * One process of the shop: the production object graph over memory adapters, as the modules put it together. The cart and the
 * notifications are left out: nothing of a payment waits for them, and they compensate nothing.
 */
export type ShopProcess = ReturnType<typeof assembleProcess>;

export function assembleProcess({ database, tables, context, periods, deliveries, isAlone, broker }: Site) {
  const clock = new SystemClock();
  const changes = new OrderChanges();
  const availability = new ChangedAvailability();
  const unitsOfWork = ofDomains((domain) => new MemoryUnitOfWork(database, domain, context));
  const logs = ofDomains((domain) => new MemoryEventLog(database, domain, context));
  const cursors = ofDomains((domain) => new MemoryCursorStore(database, domain, context));
  const parked = ofDomains((domain) => new MemoryParkedEvents(database, domain, context));
  const journals = ofDomains((domain) => new MemorySagaJournal(database, domain));
  const orders = new MemoryOrderRepository(database, tables, context, periods);
  const stock = new MemoryStockRepository(database, tables, periods);
  const ranking = new MemorySalesRanking(tables);
  const userCoupons = new MemoryUserCouponRepository(database, tables);
  const accounts = new MemoryAccountRepository(tables);
  const paymentLock = new MemoryPaymentLock(database, tables, context);
  const dataPlatform = new MemoryDataPlatform(database, tables, context);
  const acks = new MemoryDataPlatformAcks(database, tables, context);

  const site = { database, context, deliveries, clock, unitsOfWork, logs, cursors, parked };
  const messaging = broker ? new KafkaShape(site, broker.broker, broker.replyPartition) : new InProcessShape(site);
  const { bus, readers } = messaging;

  const orderService = new OrderService(orders, unitsOfWork.order, bus, changes, clock);
  const processPayment = new ProcessPaymentUseCase(orderService, bus, paymentLock);
  const createOrder = new CreateOrderUseCase(orderService, bus, unitsOfWork.order, clock);
  const cancelOrder = new CancelOrderUseCase(orders, unitsOfWork.order, bus, changes, clock);
  const expireOrders = new ExpireOrdersUseCase(orders, unitsOfWork.order, bus, changes, clock);
  const recoverPayments = new RecoverPaymentsUseCase(orders, orderService, processPayment);
  const releaseExpiredHolds = new ReleaseExpiredHoldsUseCase(unitsOfWork.product, stock, availability);
  const ledger = new LedgerService(accounts);
  const changeBalance = new ChangeBalanceUseCase(unitsOfWork.user, ledger);

  const listeners = {
    orderFail: new OnOrderFailListener(orders, eventCatalogue, changes),
    orderProcessed: new OnOrderProcessedListener(new HandOverService(dataPlatform, acks), acks),
    placing: new OnOrderPlacingListener(stock, journals.product, availability),
    confirming: new ProductOnOrderProcessing(stock, journals.product, bus),
    productFail: new ProductOnOrderFail(stock, journals.product, bus),
    orderExpired: new OnOrderExpiredListener(stock, availability),
    orderCancelled: new OnOrderCancelledListener(stock, availability),
    ranking: new ProductOnOrderProcessed(ranking),
    usingCoupon: new CouponOnOrderProcessing(userCoupons, journals.coupon, bus),
    couponFail: new CouponOnOrderFail(userCoupons, journals.coupon, bus),
    charging: new OnOrderPaymentListener(ledger, journals.user, bus),
    userFail: new UserOnOrderFail(accounts, ledger, journals.user, bus),
  };

  const bound = Object.values(listeners).flatMap((target) =>
    subscriptionsOf(Object.getPrototypeOf(target) as object).map((subscription) => ({ subscription, target })),
  );
  messaging.listen(bound);

  const timers = new OrderTimers(expireOrders, recoverPayments, orders, {
    database: isAlone ? EMBEDDED : OF_YOUR_OWN,
    domainDatabaseUrls: {},
  });
  const sweeper = new Periodic({
    everyMs: SWEEP_EVERY_MS,
    run: () => releaseExpiredHolds.execute(),
    onFault: (fault) => deliveries.report(fault, 'releasing expired holds'),
  });

  return {
    database,
    tables,
    context,
    periods,
    changes,
    unitsOfWork,
    logs,
    cursors,
    parked,
    journals,
    orders,
    stock,
    ranking,
    userCoupons,
    accounts,
    paymentLock,
    dataPlatform,
    bus,
    orderService,
    processPayment,
    createOrder,
    cancelOrder,
    expireOrders,
    recoverPayments,
    releaseExpiredHolds,
    ledger,
    changeBalance,
    listeners,
    consumers: readers.consumers,
    kafka: messaging instanceof KafkaShape ? messaging : undefined,
    async start(): Promise<void> {
      messaging.start();
      sweeper.start();
      await timers.onApplicationBootstrap();
    },
    redeliver(subscriber: string, events: readonly ShopEvent[], handle: Handler): void {
      const work = unitsOfWork[domainOf(subscriber) as Domain].run((tx) => handle(tx, events));
      work.catch((fault: unknown) => deliveries.report(fault, `${subscriber}, delivered again`));
    },
    reread(subscriber: string, events: readonly LoggedEvent[]): void {
      readers.reread(subscriber, events);
    },
  };
}
