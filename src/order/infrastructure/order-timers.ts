import { type BeforeApplicationShutdown, Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { Periodic } from '../../messaging/periodic.js';
import { ExpireOrdersUseCase } from '../application/expire-orders.use-case.js';
import { RecoverPaymentsUseCase } from '../application/recover-payments.use-case.js';
import { OrderRepository } from '../domain/order.repository.js';

const ROUND_MS = 1_000;

/** Runs what happens by time alone: orders expire, abandoned payments are taken over. */
@Injectable()
export class OrderTimers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Orders');
  private readonly timers: readonly Periodic[];

  constructor(
    expireOrders: ExpireOrdersUseCase,
    recoverPayments: RecoverPaymentsUseCase,
    private readonly orders: OrderRepository,
    @Inject(CONFIG) private readonly config: Pick<Config, 'database' | 'domainDatabaseUrls'>,
  ) {
    this.timers = [
      this.timer('expiring orders', () => expireOrders.execute()),
      this.timer('recovering payments', () => recoverPayments.execute()),
    ];
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.isAlone()) await this.orders.endLeases();
    this.timers.forEach((timer) => timer.start());
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.timers.map((timer) => timer.stop()));
  }

  /** One process owns the embedded database: whoever held a lease there before is dead. */
  private isAlone(): boolean {
    return this.config.database.kind === 'embedded' && this.config.domainDatabaseUrls['order'] === undefined;
  }

  private timer(what: string, run: () => Promise<boolean>): Periodic {
    return new Periodic({ everyMs: ROUND_MS, run, onFault: (fault) => this.logger.error({ err: fault }, `${what} failed, trying again`) });
  }
}
