import { Unavailable } from '../../kernel/faults.js';

/** Something to tell people. */
export interface Notification {
  /** That of the event it tells of: whoever gets it twice knows by this. */
  readonly id: string;
  readonly type: string;
  /** When it happened, ISO 8601. */
  readonly time: string;
  /** A sentence for people. */
  readonly text: string;
  /** The same for programs, under the name of what it is: `{ receipt: … }`. */
  readonly contents: Readonly<Record<string, object>>;
}

/** The way to customers. */
export const TO_CUSTOMERS = Symbol('notifier of customers');
/** The way to operators. */
export const TO_OPERATORS = Symbol('notifier of operators');

/** A way to tell people, at least once. */
export abstract class Notifier {
  /** @throws Unavailable when nobody can be told now; any other fault means that this one is not accepted. */
  abstract notify(notification: Notification, signal: AbortSignal): Promise<void>;
}

const NOTIFICATIONS_AT_A_TIME_MAX = 16;

/** Tells all that can be told, in no order. @throws an outage, if there was one, or else the first other fault. */
export async function notifyAll(notifier: Notifier, notifications: readonly Notification[], signal: AbortSignal): Promise<void> {
  const waiting = notifications.values();
  const tellInTurn = async (): Promise<void> => {
    for (const notification of waiting) {
      // oxlint-disable-next-line no-await-in-loop -- sixteen of these share the queue; one stops at its first fault, the others go on
      await notifier.notify(notification, signal);
    }
  };
  const told = await Promise.allSettled(Array.from({ length: NOTIFICATIONS_AT_A_TIME_MAX }, tellInTurn));
  const faults = told.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
  if (faults.length > 0) throw faults.find((fault) => fault instanceof Unavailable) ?? faults[0];
}
