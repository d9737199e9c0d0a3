import type { z } from 'zod';
import type { Clock } from '../../kernel/clock.js';
import type { Transaction, UnitOfWork } from '../../kernel/transaction.js';
import type { DurableEvent, RequestEvent, ShopEvent, Unsent } from '../event.js';
import { EventBus, type Reply, type Step } from '../event-bus.js';
import type { EventCatalogue } from '../event-catalogue.js';
import type { EventLog } from '../event-log.js';
import { type Outcome, domainOf } from '../listener.js';
import { MicroBatcher } from '../micro-batcher.js';

/** A listener of request events, ready to be called: a batch in one transaction of its own domain. */
export interface RequestListener {
  readonly type: string;
  readonly subscriber: string;
  readonly concerns: (event: ShopEvent) => boolean;
  readonly handle: (tx: Transaction, events: readonly ShopEvent[]) => Promise<readonly Outcome[]>;
}

interface BatchedListener extends RequestListener {
  readonly batcher: MicroBatcher<ShopEvent, Outcome>;
}

export interface InProcessEventBusOptions {
  readonly catalogue: EventCatalogue;
  readonly clock: Clock;
  readonly logOf: (domain: string) => EventLog;
  readonly unitOfWorkOf: (domain: string) => UnitOfWork;
  /** Called after the commit that appended events of these types. */
  readonly appended: (source: string, types: ReadonlySet<string>) => void;
}

/** Domains in one process: request events are method calls in batches, durable ones go through the publisher's log. */
export class InProcessEventBus extends EventBus {
  private readonly listeners = new Map<string, BatchedListener>();
  private readonly unwritten = new WeakMap<Transaction, ShopEvent[]>();

  constructor(private readonly options: InProcessEventBusOptions) {
    super();
  }

  listen(listener: RequestListener): void {
    const unitOfWork = this.options.unitOfWorkOf(domainOf(listener.subscriber));
    const name = `${listener.type} → ${listener.subscriber}`;
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
    return reply(
      asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])),
      definition.answer,
    );
  }

  override emit(tx: Transaction, ...events: readonly Unsent<DurableEvent>[]): Promise<void> {
    const sealed = events.map(({ definition, data }) => {
      this.options.catalogue.assertPublishes(tx.domain, definition);
      return definition.seal(data, tx.domain, this.options.clock.now());
    });
    const unwritten = this.unwritten.get(tx);
    if (unwritten) unwritten.push(...sealed);
    else if (sealed.length > 0) this.writeAtCommit(tx, sealed);
    return Promise.resolve();
  }

  /** One statement for all events of the transaction, as its last, so that the log's heads are locked for the commit only. */
  private writeAtCommit(tx: Transaction, events: ShopEvent[]): void {
    this.unwritten.set(tx, events);
    tx.beforeCommit(() => {
      // L1: what another last statement emits after this one is written by itself.
      this.unwritten.delete(tx);
      return this.options.logOf(tx.domain).append(tx, events);
    });
    tx.afterCommit(() => this.options.appended(tx.domain, new Set(events.map(({ type }) => type))));
  }

  private listenerOf(subscriber: string, event: ShopEvent): BatchedListener {
    const listener = this.listeners.get(`${event.type} → ${subscriber}`);
    if (!listener) throw new Error(`no listener ${subscriber} for ${event.type}`);
    return listener;
  }

  private async ask({ subscriber, batcher }: BatchedListener, event: ShopEvent): Promise<{ outcome: Outcome; step: Step }> {
    const startedAt = this.options.clock.now().toISOString();
    const outcome = await batcher.submit(event);
    const finishedAt = this.options.clock.now().toISOString();
    const times = { startedAt, finishedAt };
    const step: Step =
      outcome.kind === 'done'
        ? { event: event.type, listener: subscriber, outcome: 'DONE', ...times }
        : { event: event.type, listener: subscriber, outcome: 'REFUSED', code: outcome.refusal.code, ...times };
    return { outcome, step };
  }
}

function reply<Answer>(asked: readonly { outcome: Outcome; step: Step }[], schema: z.ZodType<Answer>): Reply<Answer> {
  const steps = asked.map(({ step }) => step);
  const [first, ...others] = asked.flatMap(({ outcome }) => (outcome.kind === 'refused' ? [outcome.refusal] : []));
  if (first) return { ok: false, refusals: [first, ...others], steps };
  const answers = asked.map(({ outcome }) => (outcome.kind === 'done' ? outcome.answer : {}));
  return { ok: true, answer: schema.parse(Object.assign({}, ...answers)), steps };
}
