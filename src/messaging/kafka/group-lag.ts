import { Admin, ListOffsetTimestamps } from '@platformatic/kafka';
import type { KafkaSettings } from '../../config/kafka-settings.js';
import { away, clientOptions } from '../../kafka/client-options.js';

/** A consumer group and what it reads. */
export interface ReadingGroup {
  readonly group: string;
  readonly topics: readonly string[];
}

type Offsets = ReadonlyMap<string, bigint>;

/** How many messages of each topic a group has not dealt with: those behind its committed offsets. */
export class GroupLag {
  private readonly admin: Admin;

  constructor(private readonly settings: KafkaSettings) {
    this.admin = new Admin(clientOptions(settings, 'ordersaga-lag'));
  }

  async stop(): Promise<void> {
    await this.admin.close().catch(() => {});
  }

  /** @returns by group and topic (`lagKey`). @throws Unavailable */
  async of(groups: readonly ReadingGroup[], partitions: number): Promise<ReadonlyMap<string, number>> {
    if (groups.length === 0) return new Map();
    const topics = [...new Set(groups.flatMap((each) => each.topics))];
    try {
      const [ends, starts, committed] = await Promise.all([
        this.offsets(topics, partitions, ListOffsetTimestamps.LATEST),
        this.offsets(topics, partitions, ListOffsetTimestamps.EARLIEST),
        this.committed(groups),
      ]);
      const behind = (group: string, topic: string): number => {
        const lags = Array.from({ length: partitions }, (_, partition) => {
          const end = ends.get(`${topic}/${partition}`) ?? 0n;
          const from = committed.get(`${lagKey(group, topic)}/${partition}`) ?? starts.get(`${topic}/${partition}`) ?? 0n;
          return from < end ? Number(end - from) : 0;
        });
        return lags.reduce((sum, lag) => sum + lag, 0);
      };
      return new Map(
        groups.flatMap(({ group, topics: read }) => read.map((topic) => [lagKey(group, topic), behind(group, topic)] as const)),
      );
    } catch (error) {
      throw away(this.settings, error);
    }
  }

  private async offsets(topics: readonly string[], partitions: number, timestamp: bigint): Promise<Offsets> {
    const wanted = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp }));
    const listed = await this.admin.listOffsets({ topics: topics.map((name) => ({ name, partitions: wanted })) });
    return new Map(
      listed.flatMap(({ name, partitions: all }) => all.map(({ partitionIndex, offset }) => [`${name}/${partitionIndex}`, offset])),
    );
  }

  private async committed(groups: readonly ReadingGroup[]): Promise<Offsets> {
    const listed = await this.admin.listConsumerGroupOffsets({ groups: groups.map(({ group }) => group) });
    const all = listed.flatMap(({ groupId, topics }) =>
      topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, committedOffset }) => [`${lagKey(groupId, name)}/${partitionIndex}`, committedOffset] as const),
      ),
    );
    return new Map(all.filter(([, offset]) => offset >= 0n));
  }
}

export const lagKey = (group: string, topic: string): string => `${group} ${topic}`;
