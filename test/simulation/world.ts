import { Logger } from '@nestjs/common';
import { money } from '../../src/kernel/money.js';
import type { CouponId, ProductOptionId, UserId } from '../../src/kernel/ids.js';
import type { LoggedEvent } from '../../src/messaging/event-log.js';
import type { ShopEvent } from '../../src/messaging/event.js';
import { watchTransitions } from './checks/transitions.js';
import { assertDealtWith, watchRelays } from './checks/kafka.js';
import { Deliveries, type Handler } from './deliveries.js';
import { DOMAINS } from './domains.js';
import { InjectedOutage } from './faults.js';
import type { History } from './history.js';
import { cutLogs } from './kafka/cut-logs.js';
import { MemoryBroker } from './kafka/memory-broker.js';
import type { PlantedBug } from './planted-bugs/planted-bug.js';
import { Random } from './random.js';
import { type Context, OUTSIDE, Scheduler, contextNamed } from './scheduler.js';
import { type ShopProcess, assembleProcess } from './shop-process.js';
import { Striker } from './striker.js';
import { Io, type Op } from './store/io.js';
import { MemoryDatabase } from './store/memory-database.js';
import { ShopTables, contraAccountOf } from './store/shop-tables.js';

/** Few, so that processes share one. */
const REPLY_PARTITIONS = 2;
const RESTART_AFTER_FAILED_START_MS = 50;

export interface WorldOptions {
  readonly bug?: PlantedBug | undefined;
  readonly trace?: ((line: string) => void) | undefined;
  readonly onAwait?: ((op: Op) => void) | undefined;
  /** Told of everything that a listener gets: `request user.deduct-balance order.payment:1`, or `event …`. */
  readonly onDelivery?: ((delivery: string) => void) | undefined;
}

/** A shop in virtual time: one store, some processes, clients outside of them, and somebody who restarts what has died. */
export class World {
  readonly scheduler = new Scheduler();
  readonly tables: ShopTables;
  readonly violations: string[] = [];
  /** Events of alerts that have to be in the log. */
  readonly alertsDue: string[] = [];
  readonly striker: Striker;
  readonly io: Io;
  readonly database: MemoryDatabase;
  readonly deliveries: Deliveries;
  private readonly broker: MemoryBroker | undefined;
  private readonly random: Random;
  private readonly whenDead = new Map<Context, Set<() => void>>();
  private processes: ShopProcess[] = [];
  private started = 0;
  private latestMs = 0;
  private restarting = 0;
  private redeliveries = 0;

  constructor(
    readonly history: History,
    readonly options: WorldOptions,
  ) {
    const { scheduler } = this;
    this.tables = new ShopTables(history.orderIdStep);
    this.random = new Random(history.seed, 10 * history.chance + 3);
    this.striker = new Striker(history.faults, scheduler, () => this);
    this.io = new Io({
      scheduler,
      striker: this.striker,
      random: new Random(history.seed, 10 * history.chance + 5),
      latencyMsMax: history.latencyMsMax,
      trace: options.trace,
      onAwait: options.onAwait,
    });
    this.database = new MemoryDatabase(scheduler, this.io);
    this.deliveries = new Deliveries({
      striker: this.striker,
      redeliver: (...delivery) => this.redeliver(...delivery),
      reread: (...reading) => this.reread(...reading),
      isRefused: (paymentId) => this.tables.attempts.rows.get(paymentId)?.state === 'REFUSED',
      violation: (sentence) => this.violations.push(sentence),
      note: (line) => this.note(scheduler.context, line),
      onDelivery: options.onDelivery,
    });
    this.broker = history.shape === 'kafka' ? this.startBroker() : undefined;
    this.database.watch = this.broker ? watchRelays(this, this.broker, watchTransitions(this)) : watchTransitions(this);
    Logger.overrideLogger(this.logger());
    this.stockUp();
    for (let count = 0; count < history.processes; count++) this.startProcess();
  }

  /** Nothing is under way any more: no client waits, no transaction is open, no event undelivered, no process about to come back. */
  get isQuiet(): boolean {
    if (this.restarting > 0 || this.redeliveries > 0 || !this.database.isIdle || this.broker?.isQuiet === false) return false;
    return this.processes.every(({ context }) => context.dead || context.hangsUntilMs <= this.scheduler.nowMs);
  }

  get living(): readonly ShopProcess[] {
    return this.processes.filter(({ context }) => !context.dead);
  }

  /** Does something in a process of the shop, as its clients do; `died` when there is nobody to answer any more. */
  call<T>(
    choice: number,
    work: (process: ShopProcess) => Promise<T>,
    answers: { readonly answered: (value: T) => void; readonly failed: (fault: unknown) => void; readonly died: () => void },
  ): void {
    const { living } = this;
    const process = living[choice % Math.max(1, living.length)];
    if (!process) return answers.died();
    const { context } = process;
    const dying = this.whenDead.get(context) as Set<() => void>;
    dying.add(answers.died);
    const over =
      <Value>(then: (value: Value) => void) =>
      (value: Value): void => {
        dying.delete(answers.died);
        then(value);
      };
    this.scheduler.after(0, context, () => void work(process).then(over(answers.answered), over(answers.failed)));
  }

  crash(context: Context, restartAfterMs: number): void {
    if (context.dead) return;
    context.dead = true;
    this.breakConnections(context);
    const clients = [...(this.whenDead.get(context) ?? [])];
    this.whenDead.delete(context);
    for (const died of clients) this.scheduler.after(0, OUTSIDE, died);
    this.processes = this.processes.filter((process) => process.context !== context);
    this.restarting++;
    this.scheduler.after(restartAfterMs, OUTSIDE, () => {
      this.restarting--;
      this.startProcess();
    });
  }

  breakConnections(context: Context): void {
    this.database.breakConnections((tx) => tx.context === context, new InjectedOutage('the connection was lost'));
  }

  breakDomain(domain: string): void {
    this.database.breakConnections((tx) => tx.domain === domain, new InjectedOutage(`${domain} is away`));
  }

  crashServer(): readonly string[] {
    this.database.breakConnections(() => true, new InjectedOutage('the server has crashed'));
    // The locks are not kept over a crash.
    this.tables.locks.rows.clear();
    return DOMAINS;
  }

  jumpDatabaseClock(byMs: number): void {
    this.latestMs = Math.max(this.latestMs, this.database.nowMs);
    this.database.clockOffsetMs += byMs;
  }

  rebalance(forgetsOffsets: boolean): void {
    this.broker?.rebalance(forgetsOffsets);
  }

  cutLogs(): void {
    cutLogs(this.database);
  }

  note(context: Context, line: string): void {
    this.io.note(context, line);
  }

  /** The latest time that the database's clock has shown: it may have been set back since. */
  get latestDatabaseMs(): number {
    return Math.max(this.latestMs, this.database.nowMs);
  }

  /** Faults stop: whoever hangs goes on, and nothing new goes wrong. */
  cease(): void {
    this.striker.cease();
    this.deliveries.cease();
  }

  private startProcess(): void {
    const { database, tables, deliveries, history, options } = this;
    const context = contextNamed(`process ${++this.started}`);
    this.whenDead.set(context, new Set());
    const isAlone = history.processes === 1;
    const broker = this.broker && { broker: this.broker, replyPartition: this.random.integer(0, REPLY_PARTITIONS - 1) };
    const process = assembleProcess({ database, tables, context, periods: history.periods, deliveries, isAlone, broker });
    options.bug?.plant(process);
    this.processes.push(process);
    this.note(context, 'starts');
    this.scheduler.after(0, context, () => void process.start().catch(() => this.crash(context, RESTART_AFTER_FAILED_START_MS)));
  }

  private startBroker(): MemoryBroker {
    const { scheduler, striker, history } = this;
    return new MemoryBroker({
      scheduler,
      striker,
      random: new Random(history.seed, 10 * history.chance + 1),
      note: (line) => this.note(scheduler.context, line),
      onCommit: (...committed) => assertDealtWith(this, ...committed),
    });
  }

  private redeliver(subscriber: string, events: readonly ShopEvent[], handle: Handler, afterMs: number): void {
    this.again(afterMs, (process) => {
      const order = this.random.chance(0.5) ? events : events.toReversed();
      this.note(process.context, `  ⚡ ${order.map(({ id }) => id).join(', ')} delivered to ${subscriber} again`);
      process.redeliver(subscriber, order, handle);
    });
  }

  private reread(subscriber: string, events: readonly LoggedEvent[], afterMs: number): void {
    this.again(afterMs, (process) => {
      this.note(process.context, `  ⚡ ${events.map(({ id }) => id).join(', ')} read for ${subscriber} again`);
      process.reread(subscriber, events);
    });
  }

  /** Later, in one of the processes that live then. */
  private again(afterMs: number, work: (process: ShopProcess) => void): void {
    this.redeliveries++;
    this.scheduler.after(afterMs, OUTSIDE, () => {
      this.redeliveries--;
      if (this.living.length === 0) return;
      const process = this.random.pick(this.living);
      this.scheduler.after(0, process.context, () => work(process));
    });
  }

  private stockUp(): void {
    const { options, accounts, entries, userCoupons } = this.tables;
    this.history.options.forEach(({ stock, price }, index) => {
      const optionId = (index + 1) as ProductOptionId;
      options.rows.set(optionId, { optionId, productId: 100 + optionId, price: money(price), received: stock, stock, reserved: 0 });
    });
    this.history.balances.forEach((balance, index) => {
      const userId = (index + 1) as UserId;
      const amount = money(balance);
      accounts.rows.set(userId, { userId, balance: amount, version: 0 });
      if (balance === 0) return;
      const id = this.tables.nextEntryId();
      const opening = {
        id,
        userId,
        amount,
        before: money(0),
        after: amount,
        code: 'CHARGE',
        contraAccount: contraAccountOf('CHARGE'),
      } as const;
      entries.rows.set(id, { ...opening, paymentId: null, actorId: null, idempotencyKey: null, note: 'opening balance' });
    });
    this.history.coupons.forEach(({ rate, holders, expiresAtMs }, index) => {
      for (const userId of holders) {
        const id = userCoupons.rows.size + 1;
        const held = { couponId: (index + 1) as CouponId, userId: userId as UserId, discountRate: rate, expiresAtMs };
        userCoupons.rows.set(id, { id, ...held, state: 'AVAILABLE', orderId: null, paymentId: null, usedAtMs: null });
      }
    });
  }

  /** What the shop logs are faults that it has survived: ours are expected, all others are defects. */
  private logger() {
    const log = (entry: unknown): void => {
      const { err } = (entry ?? {}) as { err?: unknown };
      if (err !== undefined) this.deliveries.report(err, 'logged');
    };
    return { log: () => {}, warn: log, error: log, debug: () => {}, verbose: () => {}, fatal: log };
  }
}
