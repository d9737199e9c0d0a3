import { type Notification, Notifier } from '../application/notifier.port.js';

const IDS_REMEMBERED_MAX = 10_000;

/**
 * Remembers what it has told. A batch of events with a bad one in it comes again in halves, and an outage brings all of it
 * again; people should not notice.
 *
 * U1: what this process has told is not told again, as long as it is among the last 10,000. After a crash it may be.
 * U2: what was not accepted is not remembered.
 */
export class ToldOnce extends Notifier {
  private readonly told = new Set<string>();

  constructor(
    private readonly notifier: Notifier,
    private readonly idsRememberedMax = IDS_REMEMBERED_MAX,
  ) {
    super();
  }

  override async notify(notification: Notification, signal: AbortSignal): Promise<void> {
    if (this.told.has(notification.id)) return;
    await this.notifier.notify(notification, signal);
    this.told.add(notification.id);
    // A set keeps the order in which its members came.
    for (const oldest of this.told) {
      if (this.told.size <= this.idsRememberedMax) return;
      this.told.delete(oldest);
    }
  }
}
