import type { Transaction } from '../../../src/kernel/transaction.js';
import type { Consumer, ConsumerOptions } from '../../../src/messaging/consumer.js';
import { type LoggedEvent, type ShardPosition, type Subscriber, shardOf } from '../../../src/messaging/event-log.js';
import type { ShopEvent } from '../../../src/messaging/event.js';
import type { Outcome } from '../../../src/messaging/listener.js';
import type { ShopProcess } from '../shop-process.js';
import { cursorKey } from '../store/memory-cursor-store.js';
import { memoryTransaction } from '../store/memory-unit-of-work.js';
import { sortedLocks } from '../store/table.js';
import { type PlantedBug, change, fieldOf } from './planted-bug.js';

type Handle = (events: readonly LoggedEvent[]) => Promise<readonly ShardPosition[]>;

export const optionsOf = (consumer: Consumer): ConsumerOptions => fieldOf<ConsumerOptions>(consumer, 'options');
export const endsOf = (events: readonly LoggedEvent[]): ShardPosition[] => [
  ...new Map(events.map(({ shard, position }) => [shard, { shard, position }])).values(),
];
const effectOf = ({ effect }: ConsumerOptions) => effect.handle as (tx: Transaction, events: readonly ShopEvent[]) => Promise<unknown>;

/** Replaces how the consumers of transactional effects apply a batch. */
function applying(process: ShopProcess, apply: (consumer: Consumer) => Handle): void {
  for (const consumer of process.consumers) {
    if (optionsOf(consumer).effect.mode === 'transaction') change(consumer, 'appliedInTransaction', () => apply(consumer));
  }
}

/** Only what stands behind the locked cursors, as the real one asks. */
async function fresh(consumer: Consumer, tx: Transaction, events: readonly LoggedEvent[]): Promise<LoggedEvent[]> {
  const { cursors } = optionsOf(consumer);
  const locked = await cursors.lock(tx, consumer.identity, [...new Set(events.map(({ shard }) => shard))]);
  const at = new Map(locked.map(({ shard, position }) => [shard, position]));
  return events.filter(({ shard, position }) => position > (at.get(shard) ?? Infinity));
}

export function passingOverGaps(process: ShopProcess): void {
  applying(process, (consumer) => (events) => {
    const { cursors, unitOfWork } = optionsOf(consumer);
    return unitOfWork.run(async (tx) => {
      const next = await fresh(consumer, tx, events);
      if (next.length > 0) await effectOf(optionsOf(consumer))(tx, next);
      await cursors.advance(tx, consumer.identity, endsOf(next));
      return endsOf(next);
    });
  });
}

function numberingBySequence({ logs, database }: ShopProcess): void {
  for (const log of Object.values(logs)) {
    change(log, 'append', () => (tx: Transaction, events: readonly ShopEvent[]) => {
      const placed = events.map((event) => {
        const shard = shardOf(event.subject);
        return { ...event, shard, position: nextOf(database, `${log.source} ${event.type} ${shard}`) };
      });
      const memory = memoryTransaction(tx);
      return memory.statement('append with gaps', {
        run: () => placed.forEach((event) => memory.appends.push({ log: database.logOf(log.source), event })),
      });
    });
  }
}

export const MESSAGING_BUGS: readonly PlantedBug[] = [
  {
    name: 'the cursor advances before the effect, in a transaction of its own',
    breaks: 'C1',
    plant: (process) =>
      applying(process, (consumer) => async (events) => {
        const { cursors, unitOfWork } = optionsOf(consumer);
        const taken = await unitOfWork.run(async (tx) => {
          const next = await fresh(consumer, tx, events);
          await cursors.advance(tx, consumer.identity, endsOf(next));
          return next;
        });
        if (taken.length > 0) await unitOfWork.run((tx) => effectOf(optionsOf(consumer))(tx, taken));
        return endsOf(taken);
      }),
  },
  {
    name: 'the cursor advances after the effect, in a transaction of its own',
    breaks: 'C1',
    plant: (process) =>
      applying(process, (consumer) => async (events) => {
        const { cursors, unitOfWork } = optionsOf(consumer);
        const taken = await unitOfWork.run(async (tx) => {
          const next = await fresh(consumer, tx, events);
          if (next.length > 0) await effectOf(optionsOf(consumer))(tx, next);
          return next;
        });
        await unitOfWork.run((tx) => cursors.advance(tx, consumer.identity, endsOf(taken)));
        return endsOf(taken);
      }),
  },
  {
    name: 'cursors are read without a lock',
    breaks: 'C1',
    plant: ({ cursors, database }) => {
      for (const store of Object.values(cursors)) {
        change(
          store,
          'lock',
          () => (tx: Transaction, of: Subscriber, shards: readonly number[]) =>
            memoryTransaction(tx).statement('read cursors', {
              run: () => shards.map((shard) => ({ shard, position: database.eventCursor.rows.get(cursorKey(of, shard))?.position ?? 0 })),
            }),
        );
      }
    },
  },
  {
    name: 'the cursor of the last read counts, not the locked one',
    breaks: 'C1',
    plant: (process) =>
      applying(process, (consumer) => (events) => {
        const { cursors, unitOfWork } = optionsOf(consumer);
        return unitOfWork.run(async (tx) => {
          await cursors.lock(tx, consumer.identity, [...new Set(events.map(({ shard }) => shard))]);
          await effectOf(optionsOf(consumer))(tx, events);
          await cursors.advance(tx, consumer.identity, endsOf(events));
          return endsOf(events);
        });
      }),
  },
  {
    name: 'an event that fails is skipped',
    breaks: 'C2',
    plant: (process) => {
      for (const consumer of process.consumers) {
        const { cursors, unitOfWork } = optionsOf(consumer);
        change(consumer, 'park', () => (event: LoggedEvent) => unitOfWork.run((tx) => cursors.advance(tx, consumer.identity, [event])));
      }
    },
  },
  {
    name: 'a batch that fails is dropped whole',
    breaks: 'C3',
    plant: (process) => {
      for (const consumer of process.consumers) {
        change<Handle>(consumer, 'applied', (applied) => async (events: readonly LoggedEvent[]) => {
          try {
            return await applied(events);
          } catch {
            const { cursors, unitOfWork } = optionsOf(consumer);
            await unitOfWork.run((tx) => cursors.advance(tx, consumer.identity, endsOf(events)));
            return endsOf(events);
          }
        });
      }
    },
  },
  {
    name: 'consumers wake up by hints alone',
    breaks: 'C4',
    plant: (process) => {
      for (const consumer of process.consumers) {
        change<(ms: number) => Promise<void>>(fieldOf<object>(consumer, 'wakeUp'), 'wait', (wait) => () => wait(1e9));
      }
    },
  },
  {
    name: 'an outside effect is made after its cursor has moved',
    breaks: '6',
    plant: (process) => {
      for (const consumer of process.consumers) {
        change(
          consumer,
          'appliedOutside',
          () => async (events: readonly LoggedEvent[], handle: (events: readonly ShopEvent[], signal: AbortSignal) => Promise<unknown>) => {
            const { cursors, unitOfWork } = optionsOf(consumer);
            await unitOfWork.run((tx) => cursors.advance(tx, consumer.identity, endsOf(events)));
            await handle(events, new AbortController().signal);
            return endsOf(events);
          },
        );
      }
    },
  },
  {
    name: 'events are written after the commit',
    breaks: 'L1',
    plant: ({ bus, logs, unitsOfWork }) =>
      change(bus, 'writeAtCommit', () => (tx: Transaction, events: ShopEvent[]) => {
        const domain = tx.domain as keyof typeof logs;
        fieldOf<WeakMap<Transaction, ShopEvent[]>>(bus, 'unwritten').set(tx, events);
        tx.afterCommit(() => void unitsOfWork[domain].run((later) => logs[domain].append(later, events)).catch(() => {}));
      }),
  },
  {
    name: 'events are written before the commit, in a transaction of their own',
    breaks: 'L1',
    plant: ({ bus, logs, unitsOfWork }) =>
      change(bus, 'writeAtCommit', () => (tx: Transaction, events: ShopEvent[]) => {
        const domain = tx.domain as keyof typeof logs;
        fieldOf<WeakMap<Transaction, ShopEvent[]>>(bus, 'unwritten').set(tx, events);
        tx.beforeCommit(() => unitsOfWork[domain].run((earlier) => logs[domain].append(earlier, events)));
      }),
  },
  { name: 'positions come from a sequence, which leaves gaps', breaks: 'L2', plant: (process) => numberingBySequence(process) },
  {
    name: 'positions come from a sequence, and readers pass over gaps',
    breaks: 'L2',
    plant: (process) => {
      numberingBySequence(process);
      passingOverGaps(process);
    },
  },
  { name: 'a gap in what was read is passed over', breaks: 'L2', family: 'crowd', plant: (process) => passingOverGaps(process) },
  {
    name: 'positions are counted without locking the head',
    breaks: 'L2',
    plant: ({ logs, database }) => {
      for (const log of Object.values(logs)) {
        change(log, 'append', () => async (tx: Transaction, events: readonly ShopEvent[]) => {
          const memory = memoryTransaction(tx);
          const headOf = ({ type, subject }: ShopEvent): string => `${log.source} ${type} ${shardOf(subject)}`;
          const seen = await memory.statement('read heads', {
            run: () => new Map(events.map((event) => [headOf(event), memory.get(database.eventLogHead, headOf(event))?.next ?? 1])),
          });
          return memory.statement('append', {
            locks: () => sortedLocks(database.eventLogHead, seen.keys()),
            run: () => {
              for (const event of events) {
                const position = seen.get(headOf(event)) ?? 1;
                seen.set(headOf(event), position + 1);
                memory.put(database.eventLogHead, headOf(event), { next: position + 1 });
                memory.appends.push({ log: database.logOf(log.source), event: { ...event, shard: shardOf(event.subject), position } });
              }
            },
          });
        });
      }
    },
  },
  {
    name: 'the answers of a batch are given in another order',
    breaks: 'B1',
    plant: ({ bus }) => {
      const listeners = fieldOf<Map<string, { readonly batcher: object }>>(bus, 'listeners');
      for (const { batcher } of listeners.values()) {
        change<(batch: readonly ShopEvent[]) => Promise<readonly Outcome[]>>(
          fieldOf<object>(batcher, 'options'),
          'run',
          (run) => async (batch: readonly ShopEvent[]) => (await run(batch)).toReversed(),
        );
      }
    },
  },
  {
    name: 'a commit of unknown outcome is tried again as if it had failed',
    breaks: 'D2',
    plant: ({ unitsOfWork }) => {
      change<(work: unknown) => Promise<unknown>>(unitsOfWork.user, 'run', (run) => async (work: unknown) => {
        try {
          return await run(work);
        } catch {
          return run(work);
        }
      });
    },
  },
];

/** What a sequence gives is gone, whatever becomes of the transaction. */
function nextOf(database: object, key: string): number {
  const ofDatabase = sequences.get(database) ?? new Map<string, number>();
  sequences.set(database, ofDatabase);
  const next = (ofDatabase.get(key) ?? 0) + 1;
  ofDatabase.set(key, next);
  return next;
}

const sequences = new WeakMap<object, Map<string, number>>();
