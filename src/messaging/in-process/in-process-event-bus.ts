import type { UnitOfWork } from '../../kernel/transaction.js';
import { type RequestListener, workOfRequest } from '../bound-subscription.js';
import type { RequestEvent, ShopEvent, Unsent } from '../event.js';
import type { Reply } from '../event-bus.js';
import { type Outcome, domainOf } from '../listener.js';
import { LoggedEventBus, type LoggedEventBusOptions } from '../logged-event-bus.js';
import { type Asked, askedOf, mergedReply } from '../merged-reply.js';
import { MicroBatcher } from '../micro-batcher.js';

interface BatchedListener extends RequestListener {
  readonly batcher: MicroBatcher<ShopEvent, Outcome>;
}

export interface InProcessEventBusOptions extends LoggedEventBusOptions {
  readonly unitOfWorkOf: (domain: string) => UnitOfWork;
}

/** Domains in one process: request events are method calls in batches, durable ones go through the publisher's log. */
export class InProcessEventBus extends LoggedEventBus {
  private readonly listeners = new Map<string, BatchedListener>();

  constructor(private readonly options: InProcessEventBusOptions) {
    super(options);
  }

  listen(listener: RequestListener): void {
    const unitOfWork = this.options.unitOfWorkOf(domainOf(listener.subscriber));
    const name = workOfRequest(listener);
    const run = (events: readonly ShopEvent[]): Promise<readonly Outcome[]> => unitOfWork.run((tx) => listener.handle(tx, events), name);
    this.listeners.set(name, {
      ...listener,
      batcher: new MicroBatcher({ name: listener.subscriber, run }),
    });
  }

  override async emitAsync<Data, Answer>({ definition, data }: Unsent<RequestEvent<Data, Answer>>): Promise<Reply<Answer>> {
    const { publishers, subscribers } = this.options.catalogue.entry(definition.type);
    const event = definition.seal(data, publishers[0] as string, this.options.clock.now());
    const concerned = subscribers.map((subscriber) => this.listenerOf(subscriber, event)).filter((listener) => listener.concerns(event));
    const asked = await Promise.allSettled(concerned.map((listener) => this.ask(listener, event)));
    const fault = asked.find((each) => each.status === 'rejected');
    if (fault) throw fault.reason;
    return mergedReply(
      asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])),
      definition.answer,
    );
  }

  private listenerOf(subscriber: string, event: ShopEvent): BatchedListener {
    const listener = this.listeners.get(workOfRequest({ type: event.type, subscriber }));
    if (!listener) throw new Error(`no listener ${subscriber} for ${event.type}`);
    return listener;
  }

  private async ask({ subscriber, batcher }: BatchedListener, event: ShopEvent): Promise<Asked> {
    const startedAt = this.options.clock.now().toISOString();
    const outcome = await batcher.submit(event);
    return askedOf(event, subscriber, outcome, { startedAt, finishedAt: this.options.clock.now().toISOString() });
  }
}
