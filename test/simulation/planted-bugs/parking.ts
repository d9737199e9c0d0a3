import type { Transaction } from '../../../src/kernel/transaction.js';
import type { Consumer } from '../../../src/messaging/consumer.js';
import type { FailureNote, ParkedEvent } from '../../../src/messaging/parked-events.js';
import type { ShopProcess } from '../shop-process.js';
import { type PlantedBug, change, fieldOf } from './planted-bug.js';

type Fail = (parked: ParkedEvent, failure: FailureNote, retryInMs: number | null) => Promise<boolean>;

const parkedOf = ({ parked }: ShopProcess) => Object.entries(parked);
const retriesOf = (consumer: Consumer): object => fieldOf<object>(consumer, 'retries');

/**
 * K1 and K2 are not here: no payment can break them. The next event of an order comes only after everybody has handled the
 * one before, because its order is PENDING again only then. `test/messaging/parking.test.ts` proves them on PostgreSQL.
 */
export const PARKING_BUGS: readonly PlantedBug[] = [
  {
    name: 'a parked event is removed before its effect, in a transaction of its own',
    breaks: 'K3',
    family: 'refused',
    plant: (process) => {
      for (const [domain, parked] of parkedOf(process)) {
        const { claim, remove } = { claim: parked.claim.bind(parked), remove: parked.remove.bind(parked) };
        change(
          parked,
          'claim',
          () => (_: Transaction, parkedIds: readonly number[]) =>
            process.unitsOfWork[domain as keyof typeof process.unitsOfWork].run(async (tx) => {
              const claimed = await claim(tx, parkedIds);
              await remove(
                tx,
                claimed.map(({ parkedId }) => parkedId),
              );
              return claimed;
            }),
        );
        change(parked, 'remove', () => () => Promise.resolve());
      }
    },
  },
  {
    name: 'a parked event is removed after its effect, in a transaction of its own',
    breaks: 'K3',
    family: 'refused',
    plant: (process) => {
      for (const [domain, parked] of parkedOf(process)) {
        const remove = parked.remove.bind(parked);
        change(parked, 'remove', () => (tx: Transaction, parkedIds: readonly number[]) => {
          const unitOfWork = process.unitsOfWork[domain as keyof typeof process.unitsOfWork];
          tx.afterCommit(() => void unitOfWork.run((later) => remove(later, parkedIds)).catch(() => {}));
          return Promise.resolve();
        });
      }
    },
  },
  {
    name: 'a compensation is given up on when it fails twice',
    breaks: 'K4',
    family: 'refused',
    plant: (process) => {
      for (const [, parked] of parkedOf(process)) {
        change<Fail>(parked, 'fail', (fail) => (event: ParkedEvent, failure: FailureNote) => fail(event, failure, null));
      }
    },
  },
  {
    name: 'parked events are tried again by hints alone',
    breaks: 'K4',
    family: 'refused',
    plant: (process) => {
      for (const consumer of process.consumers) {
        change<(ms: number) => Promise<void>>(fieldOf<object>(retriesOf(consumer), 'wakeUp'), 'wait', (wait) => () => wait(1e9));
      }
    },
  },
];
