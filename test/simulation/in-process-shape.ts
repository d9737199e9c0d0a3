import { eventCatalogue } from '../../src/event-catalogue.js';
import type { BoundSubscription } from '../../src/messaging/bound-subscription.js';
import { InProcessEventBus } from '../../src/messaging/in-process/in-process-event-bus.js';
import { LogTail } from '../../src/messaging/log-tail.js';
import type { Domain } from './domains.js';
import { type MessagingSite, Readers, type ShopMessaging, requestListener } from './shop-messaging.js';

/** All domains in this process; the other processes do the same on the same tables. */
export class InProcessShape implements ShopMessaging {
  readonly bus: InProcessEventBus;
  readonly readers: Readers;

  constructor(private readonly site: MessagingSite) {
    const { logs, unitsOfWork, clock } = site;
    this.readers = new Readers(site);
    this.bus = new InProcessEventBus({
      catalogue: eventCatalogue,
      clock,
      logOf: (domain) => logs[domain as Domain],
      unitOfWorkOf: (domain) => unitsOfWork[domain as Domain],
      appended: (source, types) => this.readers.hint(source, types),
    });
  }

  listen(bound: readonly BoundSubscription[]): void {
    const { logs, deliveries } = this.site;
    const tails = Object.fromEntries(Object.entries(logs).map(([domain, log]) => [domain, new LogTail(log)]));
    for (const each of bound) {
      const { event } = each.subscription;
      if (event.kind === 'request') this.bus.listen(requestListener(each, deliveries));
      else for (const source of eventCatalogue.publishersOf(event)) this.readers.add(each, tails[source] as LogTail, this.bus);
    }
  }

  start(): void {
    this.readers.start();
  }
}
