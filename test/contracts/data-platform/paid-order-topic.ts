import { randomUUID } from 'node:crypto';
import { Admin, Consumer } from '@platformatic/kafka';
import { clientOptions } from '../../../src/kafka/client-options.js';
import { kafkaAt } from '../../support/shared-kafka.js';

export interface TopicMessage {
  readonly partition: number;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

export interface PaidOrderTopic {
  readonly kafka: ReturnType<typeof kafkaAt>;
  readonly topic: string;
  make(): Promise<void>;
  /** All that is in it, partition by partition, in order. */
  messages(): Promise<readonly TopicMessage[]>;
  close(): Promise<void>;
}

const FETCH_BYTES_MAX = 1_048_576;
const HEARD_OF_RETRIES_MAX = 30;

/** A topic of the data team's own on the run's Kafka, not made yet. */
export function paidOrderTopic(brokers: string, partitions = 1, configs: Readonly<Record<string, string>> = {}): PaidOrderTopic {
  const kafka = { ...kafkaAt(brokers), topicPrefix: '' };
  const topic = `paid-orders-${randomUUID()}`;
  const admin = new Admin(clientOptions(kafka, 'test'));
  // A group is what the client wants to hear; it is never joined.
  const reader = new Consumer({ ...clientOptions(kafka, 'test'), groupId: randomUUID() });

  const messagesIn = async (partition: number): Promise<TopicMessage[]> => {
    const offsets = await reader.listOffsets({ topics: [topic], partitions: { [topic]: [partition] } });
    const end = offsets.get(topic)?.[partition] ?? 0n;
    const known = (await reader.metadata({ topics: [topic] })).topics.get(topic);
    const found: TopicMessage[] = [];
    if (!known) return found;
    for (let fetchOffset = 0n; fetchOffset < end;) {
      const from = { partition, fetchOffset, partitionMaxBytes: FETCH_BYTES_MAX, currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
      const topics = [{ topicId: known.id, partitions: [from] }];
      const node = known.partitions[partition]?.leader ?? -1;
      const { responses } = await reader.fetch({ node, topics, minBytes: 1, maxBytes: FETCH_BYTES_MAX, maxWaitTime: 1_000 });
      for (const batch of responses.flatMap((each) => each.partitions).flatMap(({ records }) => records ?? [])) {
        for (const { key, headers, value } of batch.records) {
          const texts = headers.map(([name, text]) => [String(name), String(text)] as const);
          found.push({ partition, key: String(key), headers: Object.fromEntries(texts), value: String(value) });
        }
        fetchOffset = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
      }
    }
    return found;
  };

  return {
    kafka,
    topic,
    async make() {
      const asConfigured = Object.entries(configs).map(([name, value]) => ({ name, value }));
      await admin.createTopics({ topics: [topic], partitions, replicas: -1, configs: asConfigured });
      await reader.metadata({ topics: [topic], forceUpdate: true, retries: HEARD_OF_RETRIES_MAX });
    },
    async messages() {
      const each = await Promise.all(Array.from({ length: partitions }, (_, partition) => messagesIn(partition)));
      return each.flat();
    },
    async close() {
      await Promise.all([admin.close(), reader.close(true)]);
    },
  };
}
