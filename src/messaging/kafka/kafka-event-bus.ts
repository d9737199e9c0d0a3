import type { RequestEvent, Unsent } from '../event.js';
import type { Reply } from '../event-bus.js';
import { LoggedEventBus, type LoggedEventBusOptions } from '../logged-event-bus.js';
import { type Asked, askedOf, mergedReply } from '../merged-reply.js';
import type { RequestClient } from './request-client.js';

export interface KafkaEventBusOptions extends LoggedEventBusOptions {
  readonly requests: RequestClient;
  /** Throws when a transaction is open here: its locks could be what the listener waits for. */
  readonly refuseInTransaction: () => void;
}

/** Domains in processes of their own: request events and their answers travel over Kafka, durable ones follow the publisher's log there. */
export class KafkaEventBus extends LoggedEventBus {
  constructor(private readonly options: KafkaEventBusOptions) {
    super(options);
  }

  override async emitAsync<Data, Answer>({ definition, data }: Unsent<RequestEvent<Data, Answer>>): Promise<Reply<Answer>> {
    const { catalogue, clock, requests, refuseInTransaction } = this.options;
    refuseInTransaction();
    const { publishers, subscribers } = catalogue.entry(definition.type);
    const event = definition.seal(data, publishers[0] as string, clock.now());
    const answers = await requests.ask(event, subscribers);
    const asked = answers.flatMap(({ answer, at }): Asked[] => {
      if (answer.kind === 'fault') throw answer.fault;
      if (answer.kind === 'unconcerned') return [];
      return [askedOf(event, answer.subscriber, answer.outcome, { startedAt: event.time, finishedAt: at.toISOString() })];
    });
    return mergedReply(asked, definition.answer);
  }
}
