import type { Fault } from './faults.js';
import type { History, Operation } from './history.js';
import { Random } from './random.js';

const AWAITS_PER_OPERATION = 45;

/** What is left of a history when it is made smaller. Operations and faults go by their place in the whole one. */
export interface Reduction {
  readonly operations: readonly number[];
  readonly faults: readonly number[];
  /** 0: everything falls out as in the whole history. Others: the latencies do not, and the faults are aimed anew. */
  readonly chance: number;
  readonly processes: number;
  /** Whether clients repeat requests that were not answered. */
  readonly repeats: boolean;
  readonly ending: History['ending'];
}

export const unreduced = ({ operations, faults, chance, processes, ending }: History): Reduction => ({
  operations: [...operations.keys()],
  faults: [...faults.keys()],
  chance,
  processes,
  repeats: true,
  ending,
});

export function reduced(history: History, { operations, faults, chance, processes, repeats, ending }: Reduction): History {
  const kept = operations.map((index) => found(history.operations, index, 'operation'));
  const random = new Random(history.seed, 10 * chance + 9);
  const aimed = (fault: Fault): Fault =>
    chance === 0 ? fault : { ...fault, atAwait: random.integer(1, kept.length * AWAITS_PER_OPERATION) };
  return {
    ...history,
    operations: kept.map((operation) => (repeats || !('repeats' in operation) ? operation : { ...operation, repeats: 0 })),
    faults: faults.map((index) => aimed(found(history.faults, index, 'fault'))),
    chance,
    processes,
    ending,
  };
}

/** Everything that makes no sense without its order goes with it. */
export function withoutOrphans(history: History, operations: readonly number[]): readonly number[] {
  const orderOf = (operation: Operation): number | undefined => ('order' in operation ? operation.order : undefined);
  const kept = operations.map((index) => history.operations[index] as Operation);
  const placed = new Set(kept.flatMap((operation) => (operation.kind === 'place' ? [operation.order] : [])));
  return operations.filter((_, at) => {
    const order = orderOf(kept[at] as Operation);
    return order === undefined || placed.has(order);
  });
}

/** `operations=0,3/faults=1/chance=4/processes=1/repeats=no/ending=settle`: fit for a command line. */
export const formatReduction = ({ operations, faults, chance, processes, repeats, ending }: Reduction): string =>
  `operations=${operations.join(',')}/faults=${faults.join(',')}/chance=${chance}/processes=${processes}/repeats=${repeats ? 'yes' : 'no'}/ending=${ending}`;

/** @throws RangeError in words for whoever typed it. */
export function parseReduction(text: string): Reduction {
  const parts = new Map(text.split('/').map((part): [string, string] => [part.split('=')[0] ?? '', part.split('=')[1] ?? '']));
  const part = (name: string): string => {
    const value = parts.get(name);
    if (value === undefined) throw new RangeError(`a plan names operations, faults and so on; ${name} is missing in ${text}`);
    return value;
  };
  const counts = (name: string): number[] =>
    part(name) === ''
      ? []
      : part(name)
          .split(',')
          .map((each) => count(each, name));
  const ending = part('ending');
  if (ending !== 'expire' && ending !== 'pay' && ending !== 'settle') throw new RangeError(`${ending} is no ending: expire, pay or settle`);
  return {
    operations: counts('operations'),
    faults: counts('faults'),
    chance: count(part('chance'), 'chance'),
    processes: count(part('processes'), 'processes'),
    repeats: part('repeats') !== 'no',
    ending,
  };
}

function count(text: string, name: string): number {
  if (!/^\d+$/.test(text)) throw new RangeError(`${name}: "${text}" is no number`);
  return Number(text);
}

function found<Item>(items: readonly Item[], index: number, what: string): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError(`the history of this seed has no ${what} ${index}`);
  return item;
}
