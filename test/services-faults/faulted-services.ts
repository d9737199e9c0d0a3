import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kafka, startKafka } from '../../infra/kafka.js';
import { SERVICE_NAMES } from '../../infra/services/shop-of-services.js';
import { Client } from '../kill-matrix/client.js';
import { Crowd, type Errand } from '../kill-matrix/crowd.js';
import { type ServicesShop, startFiveServices } from '../shapes/five-services.js';
import { auditAtRest, complaintsOf } from '../support/books.js';
import { OPERATOR } from '../support/client.js';
import { query } from '../support/embedded.js';
import type { Fault, Struck } from './faults.js';
import { type Pace, SteadyLoad } from './steady-load.js';

const RECOVERY_MS_MAX = 120_000;
const DRAIN_MS_MAX = 120_000;
const READY_MS_MAX = 60_000;

const GIVEN_UP = `SELECT order_id::int AS id FROM shop_order.payment_attempt JOIN shop_order.orders USING (order_id)
                  WHERE orders.status = 'PENDING' AND refusal ->> 'code' = 'PAYMENT_TIMEOUT'`;
const ORDERS = 'SELECT count(*)::int AS orders FROM shop_order.orders';

export interface FaultReport {
  readonly name: string;
  /** Orders that customers were after, each with all of its requests. */
  readonly operations: number;
  readonly before: Pace;
  /** From the end of the fault until an order could be placed and paid; null when nobody could. */
  readonly recoveredAfterMs: number | null;
  /** From the end of the fault until nothing was undelivered and the audit of all databases was clean. */
  readonly drainedAfterMs: number;
  /** Payments that nobody could decide within their time, and were undone: their customers paid again. */
  readonly paidAgain: number;
  readonly violations: readonly string[];
}

export interface FaultedServicesOptions {
  readonly postgresUrl: string;
  readonly instances: number;
  readonly clients: number;
  /** Of undisturbed load, before each fault. */
  readonly calmMs: number;
}

/** Five services on a Kafka of their own, whose parts fail under the hands of customers. */
export class FaultedServices implements Struck {
  private operations = 0;

  private constructor(
    readonly shop: ServicesShop,
    readonly kafka: Kafka,
    readonly postgresUrl: string,
    private readonly options: FaultedServicesOptions,
  ) {}

  static async start(options: FaultedServicesOptions): Promise<FaultedServices> {
    const { postgresUrl, instances } = options;
    const kafka = await startKafka();
    const topicPrefix = `faults-${randomBytes(6).toString('hex')}.`;
    const shop = await startFiveServices({ kafka: { brokers: [kafka.brokers], topicPrefix }, postgresUrl, instances });
    const spare = SERVICE_NAMES.flatMap((name) => shop.services.of(name).slice(1));
    await Promise.all(spare.map((instance) => instance.stop()));
    return new FaultedServices(shop, kafka, postgresUrl, options);
  }

  /** Load, fault, recovery, rest; then everybody repeats everything. */
  async suffer(fault: Fault): Promise<FaultReport> {
    const crowd = await Crowd.gather(new Client([this.shop.address]), OPERATOR);
    const load = new SteadyLoad(crowd, this.options.clients);
    await sleep(this.options.calmMs);
    const before = load.pace();
    await fault.strike(this);
    const overAtMs = performance.now();
    const complaints: string[] = [];
    const recoveredAfterMs = await load.untilOrdersArePaid(RECOVERY_MS_MAX).catch((error: Error) => {
      complaints.push(error.message);
      return null;
    });
    await load.stop();
    complaints.push(...(await this.complaintsAtRest()));
    const drainedAfterMs = performance.now() - overAtMs;
    const paidAgain = await this.payAgain(crowd, load.errands);
    complaints.push(...(await crowd.repeatAll(load.errands)), ...(await this.complaintsAtRest()));
    this.operations += load.errands.length;
    complaints.push(...(await this.ordersTooManyOrFew()));
    return {
      name: fault.name,
      operations: load.errands.length,
      before,
      recoveredAfterMs,
      drainedAfterMs,
      paidAgain,
      violations: complaints,
    };
  }

  async stop(): Promise<void> {
    await this.shop.stop();
    await this.kafka.stop();
  }

  private async complaintsAtRest(): Promise<readonly string[]> {
    try {
      const running = SERVICE_NAMES.flatMap((name) => this.shop.services.of(name).slice(0, 1));
      await Promise.all(running.map((instance) => instance.ready(READY_MS_MAX)));
      return complaintsOf(await auditAtRest(this.shop.books, DRAIN_MS_MAX), true);
    } catch (error) {
      return [(error as Error).message];
    }
  }

  /** Under the same key they would be told of the first attempt. */
  private async payAgain(crowd: Crowd, errands: readonly Errand[]): Promise<number> {
    const rows = await query<{ id: number }>(this.shop.databaseUrlOf('order'), GIVEN_UP);
    const givenUp = new Set(rows.map(({ id }) => id));
    const undone = errands.filter(({ kind, orderId }) => kind.startsWith('pays') && orderId !== null && givenUp.has(orderId));
    await Promise.all(undone.map((errand) => crowd.finish({ ...errand, key: `${errand.key}-again` })));
    return undone.length;
  }

  /** The audit cannot know that two orders are one customer's one request. */
  private async ordersTooManyOrFew(): Promise<readonly string[]> {
    const [row] = await query<{ orders: number }>(this.shop.databaseUrlOf('order'), ORDERS);
    return row?.orders === this.operations ? [] : [`${this.operations} requests to place an order have made ${row?.orders} orders`];
  }
}
