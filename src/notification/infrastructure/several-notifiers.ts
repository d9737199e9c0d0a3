import { type Notification, Notifier } from '../application/notifier.port.js';

/** All of several ways. It has not been told before each of them has accepted it. */
export class SeveralNotifiers extends Notifier {
  constructor(private readonly notifiers: readonly Notifier[]) {
    super();
  }

  override async notify(notification: Notification, signal: AbortSignal): Promise<void> {
    await Promise.all(this.notifiers.map((notifier) => notifier.notify(notification, signal)));
  }
}
