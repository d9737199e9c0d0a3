import { Admin, findErrorBy } from '@platformatic/kafka';
import { LOG_SHARDS } from '../event-log.js';
import type { KafkaSettings } from '../../config/kafka-settings.js';
import { away, clientOptions } from '../../kafka/client-options.js';

/** A topic is there, but not as the shop needs it: the message says how to mend it. */
export class KafkaTopicMismatch extends Error {
  override readonly name = 'KafkaTopicMismatch';
}

/** The cluster's own default. */
const REPLICAS = -1;
const HEARD_OF_RETRIES_MAX = 30;
/** What nobody reads after so long: requests are repeated or given up on long before. */
const PASSING_RETENTION_MS = 3_600_000;

export interface Topic {
  readonly name: string;
  readonly partitions: number;
  /** Requests and answers, which nobody needs an hour later. Events stay for as long as the cluster keeps things. */
  readonly passing: boolean;
}

/** Names and makes the topics of one shop. */
export class Topics {
  constructor(private readonly settings: KafkaSettings) {}

  /** One per event type. */
  ofType(type: string): string {
    return this.settings.topicPrefix + type;
  }

  /** Answers to request events; every process reads one partition of it. */
  get replies(): string {
    return `${this.settings.topicPrefix}ordersaga.replies`;
  }

  /** Where a subscriber asks a publisher to send a part of its log again. */
  get rewinds(): string {
    return `${this.settings.topicPrefix}ordersaga.rewind`;
  }

  /** A consumer group of this shop. */
  group(name: string): string {
    return this.settings.topicPrefix + name;
  }

  events(types: readonly string[], passing: boolean): Topic[] {
    return types.map((type) => ({ name: this.ofType(type), partitions: LOG_SHARDS, passing }));
  }

  /**
   * Makes what is not there yet and looks at what is. Any number of processes may do so at the same time.
   *
   * @throws KafkaTopicMismatch when a topic has another number of partitions. Unavailable when no broker answers.
   */
  async open(topics: readonly Topic[]): Promise<void> {
    const admin = new Admin(clientOptions(this.settings, 'ordersaga-topics'));
    try {
      const existing = new Set(await admin.listTopics());
      const missing = topics.filter(({ name }) => !existing.has(name));
      await Promise.all([true, false].map((passing) => create(admin, missing, passing)));
      await this.check(admin, topics);
    } catch (error) {
      if (error instanceof KafkaTopicMismatch) throw error;
      throw away(this.settings, error);
    } finally {
      await admin.close();
    }
  }

  private async check(admin: Admin, topics: readonly Topic[]): Promise<void> {
    const names = topics.map(({ name }) => name);
    // A broker may hear of a topic a moment later than the controller that made it.
    const { topics: found } = await admin.metadata({ topics: names, forceUpdate: true, retries: HEARD_OF_RETRIES_MAX });
    const wrong = topics.flatMap(({ name, partitions }) => {
      const there = found.get(name)?.partitionsCount ?? 0;
      return there === partitions ? [] : [`the topic ${name} has ${there} partitions instead of ${partitions}`];
    });
    if (wrong.length === 0) return;
    throw new KafkaTopicMismatch(
      `Kafka: ${wrong.join(', ')}. Delete it, so that the shop makes it anew, or set KAFKA_TOPIC_PREFIX to a prefix of the shop's own.`,
    );
  }
}

async function create(admin: Admin, missing: readonly Topic[], passing: boolean): Promise<void> {
  const topics = missing
    .filter((topic) => topic.passing === passing)
    .map(({ name, partitions }) => ({ topic: name, partitions, replicas: REPLICAS }));
  if (topics.length === 0) return;
  const configs = passing ? [{ name: 'retention.ms', value: String(PASSING_RETENTION_MS) }] : [];
  try {
    await admin.createTopics({ topics, configs });
  } catch (error) {
    // Another process was faster with some; the broker has made the others.
    if (!findErrorBy(error as Error, 'apiId', 'TOPIC_ALREADY_EXISTS')) throw error;
  }
}
