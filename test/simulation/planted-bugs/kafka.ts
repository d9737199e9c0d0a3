import type { LoggedEvent } from '../../../src/messaging/event-log.js';
import type { Gap } from '../../../src/messaging/kafka/received-events.js';
import type { Answered } from '../../../src/messaging/kafka/request-client.js';
import type { ShopEvent } from '../../../src/messaging/event.js';
import type { Consumer } from '../../../src/messaging/consumer.js';
import type { KafkaShape } from '../kafka/kafka-shape.js';
import type { ShopProcess } from '../shop-process.js';
import { endsOf, optionsOf, passingOverGaps } from './messaging.js';
import { type PlantedBug, change, fieldOf } from './planted-bug.js';

interface Held {
  readonly event: LoggedEvent;
  readonly floor: number;
  done: () => void;
}
interface Shard {
  readonly held: Map<number, Held>;
  handled: number;
}

const kafkaOf = ({ kafka }: ShopProcess): KafkaShape => {
  if (!kafka) throw new Error('this mistake needs Kafka');
  return kafka;
};

const shardsOf = (feed: object): Map<number, Shard> => fieldOf<Map<number, Shard>>(feed, 'shards');
const ofKafka = (name: string, breaks: string, plant: (kafka: KafkaShape, process: ShopProcess) => void, more = {}): PlantedBug => ({
  name,
  breaks,
  shape: 'kafka',
  plant: (process) => plant(kafkaOf(process), process),
  ...more,
});

/**
 * Not here, because what else there is makes them good: a repeat that only the feed lets pass (the consumer asks its cursor
 * again), a request that is sent once (the payment is taken over and asks again), a gap that is seen where another process
 * has handled what is missing (N3: it is sent again for nothing). Nor a rewind under the floor, which random histories
 * hardly reach: something must get lost, be sent again, be dropped from the log, and then be asked for once more.
 */
export const KAFKA_BUGS: readonly PlantedBug[] = [
  ofKafka('a gap in what Kafka delivers is waited out and not asked for', 'N2', ({ feeds }) => {
    for (const feed of feeds) change(feed, 'stopped', () => () => []);
  }),
  ofKafka('a gap in what Kafka delivers is passed over', 'N1', ({ feeds }, process) => {
    passingOverGaps(process);
    for (const feed of feeds) {
      change(feed, 'runOf', () => (number: number, rowsMax: number) => {
        const held = [...(shardsOf(feed).get(number)?.held.values() ?? [])].map(({ event }) => event);
        return held.toSorted((a, b) => a.position - b.position).slice(0, rowsMax);
      });
    }
  }),
  ofKafka('a message is done with when it has arrived', 'M1', ({ feeds }) => {
    for (const feed of feeds) {
      change<(received: unknown, done: () => void) => Promise<void>>(feed, 'take', (take) => (received: unknown, done: () => void) => {
        done();
        return take(received, done);
      });
    }
  }),
  ofKafka('a gap is taken for what the log has dropped', 'N2', ({ feeds }) => {
    for (const feed of feeds) {
      change<(number: number) => Promise<void>>(feed, 'overcomeGap', (overcome) => (number: number) => {
        const held = shardsOf(feed).get(number)?.held ?? new Map<number, Held>();
        const first = Math.min(...held.keys());
        for (const [position, each] of held) held.set(position, { ...each, floor: first });
        return overcome(number);
      });
    }
  }),
  ofKafka(
    'a rewind is asked for once',
    'N2',
    ({ feeds }) => {
      for (const feed of feeds) {
        const asked = new Set<number>();
        change<(gap: Gap) => void>(fieldOf<object>(feed, 'options'), 'askForRewind', (ask) => (gap: Gap) => {
          if (asked.has(gap.shard)) return;
          asked.add(gap.shard);
          ask(gap);
        });
      }
    },
    { family: 'crowd' },
  ),
  ofKafka('a rewind is asked for from behind the gap', 'N2', ({ feeds }) => {
    for (const feed of feeds) {
      change<(gap: Gap) => void>(
        fieldOf<object>(feed, 'options'),
        'askForRewind',
        (ask) => (gap: Gap) => ask({ ...gap, from: gap.from + 1 }),
      );
    }
  }),
  ofKafka('a rewind is not honoured', 'Y3', ({ relays }) => {
    for (const relay of relays) change(relay, 'rewind', () => () => Promise.resolve());
  }),
  ofKafka('nobody is reminded of the last event', 'Y4', ({ relays }) => {
    for (const relay of relays) change(fieldOf<object>(relay, 'reminding'), 'round', () => () => Promise.resolve());
  }),
  ofKafka("the relay's cursor moves before the acknowledgement", 'Y1', ({ relays }) => {
    for (const relay of relays) {
      const consumer = fieldOf<Consumer>(relay, 'consumer');
      const { cursors, unitOfWork, effect } = optionsOf(consumer);
      change(consumer, 'appliedOutside', () => async (events: readonly LoggedEvent[]) => {
        await unitOfWork.run((tx) => cursors.advance(tx, consumer.identity, endsOf(events)));
        await (effect.handle as (events: readonly LoggedEvent[]) => Promise<unknown>)(events);
        return endsOf(events);
      });
    }
  }),
  ofKafka('a relay parks what its database failed on', 'Y2', ({ relays }) => {
    for (const relay of relays) Object.assign(optionsOf(fieldOf<Consumer>(relay, 'consumer')), { neverParks: false });
  }),
  ofKafka('an answer counts for whoever waits', 'X3', ({ requests }) => {
    const questions = fieldOf<Map<string, { readonly awaited: Set<string> }>>(requests, 'questions');
    change<(correlationId: string, answer: { readonly subscriber: string }) => void>(
      requests,
      'take',
      (take) => (_: string, answer: { readonly subscriber: string }) => {
        const waiting = [...questions].find(([, { awaited }]) => awaited.has(answer.subscriber));
        if (waiting) take(waiting[0], answer);
      },
    );
  }),
  ofKafka('a listener that failed counts as unconcerned', 'X2', ({ requests }) => {
    change<(event: ShopEvent, subscribers: readonly string[]) => Promise<readonly Answered[]>>(
      requests,
      'ask',
      (ask) => async (event: ShopEvent, subscribers: readonly string[]) =>
        (await ask(event, subscribers)).map(({ answer, at }) =>
          answer.kind === 'fault' ? { answer: { subscriber: answer.subscriber, kind: 'unconcerned' as const }, at } : { answer, at },
        ),
    );
  }),
];
