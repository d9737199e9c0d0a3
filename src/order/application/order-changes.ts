import { Injectable } from '@nestjs/common';
import type { OrderId } from '../../kernel/ids.js';

/** Tells who waits for an order in this process that something changed. A hint only: what changed stands in the database. */
@Injectable()
export class OrderChanges {
  private readonly watchers = new Map<OrderId, Set<() => void>>();

  notify(orderId: OrderId): void {
    for (const watcher of this.watchers.get(orderId) ?? []) watcher();
  }

  /** @returns how to stop watching. */
  watch(orderId: OrderId, onChange: () => void): () => void {
    const watching = this.watchers.get(orderId) ?? new Set();
    this.watchers.set(orderId, watching.add(onChange));
    return () => {
      watching.delete(onChange);
      if (watching.size === 0 && this.watchers.get(orderId) === watching) this.watchers.delete(orderId);
    };
  }

  /** Waits for the next change, at most `waitMsMax`: a change made by another process is found by looking again. */
  next(orderId: OrderId, waitMsMax: number): Promise<void> {
    return new Promise((resolve) => {
      const over = (): void => {
        clearTimeout(timer);
        unwatch();
        resolve();
      };
      const timer = setTimeout(over, waitMsMax);
      const unwatch = this.watch(orderId, over);
    });
  }
}
