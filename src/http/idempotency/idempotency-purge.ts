import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { IdempotencyStore } from './idempotency-store.js';

const PURGE_INTERVAL_MS = 10 * 60_000;
const PURGE_ROUNDS_MAX = 20;

/** Deletes keys past their 24 hours, a bounded number at a time. Keys of all processes, so any one of them does it. */
@Injectable()
export class IdempotencyPurge implements OnModuleInit, OnModuleDestroy {
  private readonly log = new Logger('idempotency');
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly store: IdempotencyStore) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.purge(), PURGE_INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private async purge(): Promise<void> {
    try {
      for (let round = 0; round < PURGE_ROUNDS_MAX; round++) {
        // oxlint-disable-next-line no-await-in-loop -- small deletes one after the other hold no lock for long
        if ((await this.store.purge()) === 0) return;
      }
    } catch (error) {
      this.log.warn({ err: error }, 'old idempotency keys stay until the next round');
    }
  }
}
