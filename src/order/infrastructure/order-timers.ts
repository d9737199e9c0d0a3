import { type BeforeApplicationShutdown, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Periodic } from '../../messaging/periodic.js';
import { ExpireOrdersUseCase } from '../application/expire-orders.use-case.js';
import { RecoverPaymentsUseCase } from '../application/recover-payments.use-case.js';

const ROUND_MS = 1_000;

/** Runs what happens by time alone: orders expire, abandoned payments are taken over. */
@Injectable()
export class OrderTimers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Orders');
  private readonly timers: readonly Periodic[];

  constructor(expireOrders: ExpireOrdersUseCase, recoverPayments: RecoverPaymentsUseCase) {
    this.timers = [
      this.timer('expiring orders', () => expireOrders.execute()),
      this.timer('recovering payments', () => recoverPayments.execute()),
    ];
  }

  onApplicationBootstrap(): void {
    this.timers.forEach((timer) => timer.start());
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.timers.map((timer) => timer.stop()));
  }

  private timer(what: string, run: () => Promise<boolean>): Periodic {
    return new Periodic({ everyMs: ROUND_MS, run, onFault: (fault) => this.logger.error({ err: fault }, `${what} failed, trying again`) });
  }
}
