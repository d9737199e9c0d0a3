import type { z } from 'zod';

/**
 * A fact or a request as it travels: CloudEvents 1.0 attributes around versioned, zod-described data.
 * `data` is plain JSON: money as a number of minor units, times as ISO 8601 strings.
 */
export interface ShopEvent<Data = unknown> {
  /** Derived from the data, so that a repetition carries the same id wherever it is made. */
  readonly id: string;
  readonly type: string;
  /** The publishing domain. */
  readonly source: string;
  /** The key: events of one subject keep their order. The order id, for all that concerns an order. */
  readonly subject: string;
  /** When it was published, ISO 8601. */
  readonly time: string;
  readonly dataschema: string;
  readonly data: Data;
}

interface Description<Data> {
  /** Dotted name, such as `order.processed`: the topic. */
  readonly type: string;
  /** Raised when a change is more than an addition. */
  readonly version: number;
  readonly data: z.ZodType<Data>;
  /** What makes two events the same event; the type is put in front of it. */
  id(data: Data): number | string;
  subject(data: Data): number;
}

abstract class EventDefinition<Data> {
  abstract readonly kind: 'request' | 'durable';

  constructor(protected readonly description: Description<Data>) {}

  get type(): string {
    return this.description.type;
  }

  get dataschema(): string {
    return `${this.type}/v${this.description.version}`;
  }

  /** @throws ZodError when the data are not what the definition says: a programming fault. */
  seal(data: Data, source: string, time: Date): ShopEvent<Data> {
    const checked = this.description.data.parse(data);
    return {
      id: `${this.type}:${this.description.id(checked)}`,
      type: this.type,
      source,
      subject: String(this.description.subject(checked)),
      time: time.toISOString(),
      dataschema: this.dataschema,
      data: checked,
    };
  }
}

/** `emit`: written with the state it tells of, delivered to every subscriber at least once, effective exactly once. */
export class DurableEvent<Data = unknown> extends EventDefinition<Data> {
  readonly kind = 'durable';

  of(data: Data): Unsent<DurableEvent<Data>> {
    return { definition: this, data };
  }
}

/** `emitAsync`: the publisher waits for every listener; the answers of all, merged, have the shape `answer`. */
export class RequestEvent<Data = unknown, Answer = unknown> extends EventDefinition<Data> {
  readonly kind = 'request';
  readonly answer: z.ZodType<Answer>;

  constructor(description: Description<Data> & { readonly answer: z.ZodType<Answer> }) {
    super(description);
    this.answer = description.answer;
  }

  of(data: Data): Unsent<RequestEvent<Data, Answer>> {
    return { definition: this, data };
  }
}

export type AnyEvent = DurableEvent | RequestEvent;
export type DataOf<Definition> = Definition extends EventDefinition<infer Data> ? Data : never;
export type AnswerOf<Definition> = Definition extends { readonly answer: z.ZodType<infer Answer> } ? Answer : never;

/** An event before the bus sends it: the bus adds who published it, and when. */
export interface Unsent<Definition> {
  readonly definition: Definition;
  readonly data: DataOf<Definition>;
}

/** The form that listeners get: `handle(tx, events: readonly Received<typeof OrderProcessed>[])`. */
export type Received<Definition> = ShopEvent<DataOf<Definition>>;
