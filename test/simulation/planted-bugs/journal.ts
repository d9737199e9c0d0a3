import type { Transaction } from '../../../src/kernel/transaction.js';
import type { Recorded, StepRecord, UndoneStep } from '../../../src/messaging/saga-journal.js';
import type { Confirmation } from '../../../src/product/domain/confirmation.js';
import type { ShopProcess } from '../shop-process.js';
import type { SagaStepRow } from '../store/memory-database.js';
import { type PlantedBug, change } from './planted-bug.js';
import { rewriteHolds } from './rewrite-holds.js';

type Claim = (tx: Transaction, step: string, sagaIds: readonly number[]) => Promise<ReadonlyMap<number, Recorded>>;
type Undo = (tx: Transaction, step: string, sagaIds: readonly number[]) => Promise<readonly UndoneStep[]>;
type Seize = (tx: Transaction, step: string, sagaIds: readonly number[]) => Promise<SagaStepRow[]>;

const journalsOf = ({ journals }: ShopProcess) => Object.values(journals);
/** Forgets, of what a claim found, what the mistake overlooks. */
const overlooking = (process: ShopProcess, overlooked: (recorded: Recorded) => boolean): void => {
  for (const journal of journalsOf(process)) {
    change<Claim>(
      journal,
      'claim',
      (claim) =>
        async (...given: Parameters<Claim>) =>
          new Map([...(await claim(...given))].filter(([, recorded]) => !overlooked(recorded))),
    );
  }
};

export const JOURNAL_BUGS: readonly PlantedBug[] = [
  { name: 'a repeated request is done again', breaks: 'J2', plant: (process) => overlooking(process, ({ state }) => state === 'DONE') },
  {
    name: 'a refused request is decided again',
    breaks: 'J2',
    plant: (process) => overlooking(process, ({ state }) => state === 'REFUSED'),
  },
  {
    name: 'a late request does not see the tombstone',
    breaks: 'J4',
    plant: (process) => overlooking(process, ({ state }) => state === 'UNDONE'),
  },
  {
    name: 'no tombstone is left',
    breaks: 'J4',
    plant: (process) => {
      for (const journal of journalsOf(process)) {
        change<Undo>(journal, 'undo', (undo) => async (tx: Transaction, step: string, sagaIds: readonly number[]) => {
          const known = sagaIds.filter((sagaId) =>
            [...process.database.sagaStep.rows.values()].some((row) => row.step === step && row.sagaId === sagaId),
          );
          return known.length > 0 ? undo(tx, step, known) : [];
        });
      }
    },
  },
  {
    name: 'a claim does not wait for one that is under way',
    breaks: 'J1',
    plant: (process) => {
      for (const journal of journalsOf(process)) {
        change<Seize>(journal, 'seize', (seize) => (tx: Transaction, step: string, sagaIds: readonly number[]) => {
          const { locks } = process.database.sagaClaim;
          const busy = [...locks.keys()].filter((key) =>
            sagaIds.some((sagaId) => String(key).endsWith(`${step} ${String(sagaId).padStart(6, '0')}`)),
          );
          return busy.length > 0 ? Promise.resolve([]) : seize(tx, step, sagaIds);
        });
      }
    },
  },
  {
    name: 'answers are recorded after the commit',
    breaks: 'J2',
    plant: ({ journals, unitsOfWork, database }) => {
      for (const [domain, journal] of Object.entries(journals)) {
        const { claim, record } = { claim: journal.claim.bind(journal), record: journal.record.bind(journal) };
        const ofStep = (step: string, sagaIds: readonly number[]): SagaStepRow[] =>
          [...database.sagaStep.rows.values()].filter((row) => row.step === step && sagaIds.includes(row.sagaId));
        change(
          journal,
          'claim',
          () => (_: Transaction, step: string, sagaIds: readonly number[]) =>
            Promise.resolve(new Map(ofStep(step, sagaIds).map(({ sagaId, ...recorded }) => [sagaId, recorded as Recorded]))),
        );
        change(journal, 'record', () => (tx: Transaction, step: string, records: readonly StepRecord[]) => {
          const write = async (later: Transaction): Promise<void> => {
            await claim(
              later,
              step,
              records.map(({ sagaId }) => sagaId),
            );
            await record(later, step, records);
          };
          tx.afterCommit(() => void unitsOfWork[domain as keyof typeof unitsOfWork].run(write).catch(() => {}));
          return Promise.resolve();
        });
      }
    },
  },
  {
    name: 'an undo finds the step again that it has undone before',
    breaks: 'J3',
    family: 'refused',
    plant: (process) => {
      for (const journal of journalsOf(process)) {
        change<Undo>(journal, 'undo', (undo) => async (tx: Transaction, step: string, sagaIds: readonly number[]) => {
          const before = [...process.database.sagaStep.rows.values()].filter(
            (row) => row.step === step && sagaIds.includes(row.sagaId) && row.state === 'UNDONE' && row.record,
          );
          return [...(await undo(tx, step, sagaIds)), ...before];
        });
      }
      takingBackBlindly(process);
    },
  },
  {
    name: 'an undo does not write that it has undone the step',
    breaks: 'J3',
    family: 'refused',
    plant: (process) => {
      for (const journal of journalsOf(process)) {
        change(journal, 'markUndone', () => () => Promise.resolve());
      }
    },
  },
];

/** The guards behind the journal that would stop a second compensation are forgotten, too. */
function takingBackBlindly(process: ShopProcess): void {
  Reflect.deleteProperty(process.tables.entries.rules.unique ?? {}, 'payment');
  change(process.stock, 'takeBack', () => (tx: Transaction, confirmations: readonly Confirmation[]) => {
    const orders = new Set(confirmations.map(({ orderId }) => orderId));
    return rewriteHolds(process, tx, {
      which: ({ orderId }) => orders.has(orderId),
      as: { state: 'HELD', paymentId: null },
      stock: 1,
      reserved: 1,
    });
  });
}
