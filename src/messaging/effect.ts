import type { Transaction } from '../kernel/transaction.js';
import type { LoggedEvent } from './event-log.js';

const OUTSIDE_EFFECT_MS_MAX = 30_000;
/** Longer than an effect may take: whoever leases a parked event is done, or dead, when another takes it. */
export const OUTSIDE_LEASE_MS = 2 * OUTSIDE_EFFECT_MS_MAX;
/** Cursors are leased for shorter, and renewed, because all later events wait for the end of a dead holder's lease. */
export const CURSOR_LEASE_MS = 10_000;
const RENEW_EVERY_MS = 3_000;

export type TransactionHandler = (tx: Transaction, events: readonly LoggedEvent[]) => Promise<unknown>;
export type OutsideHandler = (events: readonly LoggedEvent[], signal: AbortSignal) => Promise<unknown>;

/** What a consumer calls: within a transaction of the subscriber's domain, or outside of any. */
export type Effect =
  | { readonly mode: 'transaction'; readonly handle: TransactionHandler }
  | { readonly mode: 'outside'; readonly handle: OutsideHandler };

/** Calls an outside effect, which has to end when `stopping` aborts or its time is over. */
export const handleOutside = (handle: OutsideHandler, events: readonly LoggedEvent[], stopping: AbortSignal): Promise<unknown> =>
  handle(events, AbortSignal.any([stopping, AbortSignal.timeout(OUTSIDE_EFFECT_MS_MAX)]));

/** Does `work`, and renews its lease meanwhile. A renewal that fails is no failure of the work: it may find out that it lost the lease. */
export async function whileRenewing<T>(renew: () => Promise<unknown>, work: () => Promise<T>): Promise<T> {
  let renewal: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const renewLater = (): void => {
    timer = setTimeout(() => {
      renewal = renew()
        .catch(() => {})
        .then(renewLater);
    }, RENEW_EVERY_MS);
  };
  renewLater();
  try {
    return await work();
  } finally {
    // Nobody renews what has been given back.
    await renewal;
    clearTimeout(timer);
  }
}
