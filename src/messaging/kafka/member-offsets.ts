import { OffsetTracker } from './offset-tracker.js';

export interface Partition {
  readonly topic: string;
  readonly partition: number;
}

export interface Offset extends Partition {
  readonly offset: bigint;
}

export const partitionKey = ({ topic, partition }: Partition): string => `${topic}/${partition}`;

interface Tracked extends Partition {
  readonly tracker: OffsetTracker;
}

/** How far a member of a group has dealt with each of its partitions (M1). */
export class MemberOffsets {
  private readonly tracked = new Map<string, Tracked>();

  /** @returns what is to be called when the message that was read here has been dealt with. */
  read({ topic, partition, offset }: Offset): () => void {
    const key = partitionKey({ topic, partition });
    let tracker = this.tracked.get(key)?.tracker;
    if (!tracker?.read(offset)) {
      tracker = new OffsetTracker(offset);
      tracker.read(offset);
      this.tracked.set(key, { topic, partition, tracker });
    }
    const current = tracker;
    return () => current.done(offset);
  }

  /** What another member reads now is not ours to commit, also when it comes back later. */
  keepOnly(owned: ReadonlySet<string>): void {
    for (const key of this.tracked.keys()) if (!owned.has(key)) this.tracked.delete(key);
  }

  clear(): void {
    this.tracked.clear();
  }

  /** What may be committed and has not been. */
  due(owned: ReadonlySet<string>): readonly Offset[] {
    return [...this.tracked].flatMap(([key, { topic, partition, tracker }]) => {
      const offset = owned.has(key) ? tracker.toCommit() : null;
      return offset === null ? [] : [{ topic, partition, offset }];
    });
  }

  hasCommitted(offsets: readonly Offset[]): void {
    for (const { offset, ...partition } of offsets) this.tracked.get(partitionKey(partition))?.tracker.hasCommitted(offset);
  }
}
