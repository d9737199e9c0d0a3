import { Logger } from '@nestjs/common';
import { type Alert, Alerts } from '../alerts.js';

/** Alerts as lines of the log, at the level of errors. */
export class LogAlerts extends Alerts {
  private readonly logger = new Logger('Alerts');

  override raise(alert: Alert): void {
    this.logger.error({ alert }, textOf(alert));
  }
}

/** The alert as a sentence, with what to do. */
export function textOf({ kind, subscriber, event, failures, error }: Alert): string {
  const what = `${subscriber} failed ${failures} times on ${event.id} (${error.message})`;
  return kind === 'dead-letter'
    ? `${what} and gave up: mend the cause, then retry or discard the dead letter (ordersaga dead-letters list)`
    : `${what}, a compensation: it goes on trying, but mend the cause, or resolve it by hand (ordersaga dead-letters list --state WAITING)`;
}
