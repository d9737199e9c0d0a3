import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Overloaded, Unavailable } from '../kernel/faults.js';
import { MicroBatcher } from './micro-batcher.js';

type Kind = 'fine' | 'poison' | 'outage';
interface Request {
  readonly id: number;
  readonly kind: Kind;
}

/** Stands for a transaction: a batch with a culprit does nothing and throws, any other is done and answered. */
class Desk {
  readonly done: number[] = [];
  readonly sizes: number[] = [];
  readonly attemptsOfBatchesWithOutage: string[] = [];
  mostAtOnce = 0;
  private running = 0;

  readonly run = async (batch: readonly Request[]): Promise<readonly string[]> => {
    this.sizes.push(batch.length);
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.running);
    for (let turns = batch.length % 3; turns > 0; turns--) await turn();
    this.running--;
    if (batch.some(({ kind }) => kind === 'outage')) {
      this.attemptsOfBatchesWithOutage.push(batch.map(({ id }) => id).join());
      throw new Unavailable('away');
    }
    const culprit = batch.find(({ kind }) => kind === 'poison');
    if (culprit) throw new Error(`poisoned by ${culprit.id}`);
    this.done.push(...batch.map(({ id }) => id));
    return batch.map(({ id }) => `verdict ${id}`);
  };
}

const kinds = (outage: boolean): fc.Arbitrary<Kind> =>
  fc.oneof({ arbitrary: fc.constant<Kind>('fine'), weight: 8 }, fc.constant<Kind>('poison'), fc.constant<Kind>(outage ? 'outage' : 'fine'));
/** Groups of requests; each group arrives together, some turns of the event loop after the one before. */
const arrivals = (outage: boolean) => fc.array(fc.tuple(fc.array(kinds(outage), { maxLength: 12 }), fc.nat(3)), { maxLength: 8 });
const limits = fc.record({ batchRequestsMax: fc.integer({ min: 1, max: 10 }), batchesInFlightMax: fc.integer({ min: 1, max: 3 }) });

async function submitAll(batcher: MicroBatcher<Request, string>, groups: readonly (readonly [readonly Kind[], number])[]) {
  const requests: Request[] = [];
  const verdicts: Promise<string>[] = [];
  for (const [group, turnsBefore] of groups) {
    for (let turns = turnsBefore; turns > 0; turns--) await turn();
    for (const kind of group) {
      const request = { id: requests.length, kind };
      requests.push(request);
      verdicts.push(batcher.submit(request).catch((fault: Error) => fault.message));
    }
  }
  return { requests, verdicts: await Promise.all(verdicts) };
}

const expected = ({ id, kind }: Request): string => (kind === 'poison' ? `poisoned by ${id}` : `verdict ${id}`);

test('B1, B2: everybody gets the own verdict or the own fault; whoever is fine is done once, whoever their neighbours are', async () => {
  await fc.assert(
    fc.asyncProperty(arrivals(false), limits, async (groups, options) => {
      const desk = new Desk();
      const { requests, verdicts } = await submitAll(new MicroBatcher({ name: 'desk', run: desk.run, ...options }), groups);
      expect(verdicts).toEqual(requests.map(expected));
      const fine = requests.filter(({ kind }) => kind === 'fine').map(({ id }) => id);
      expect(desk.done.toSorted((a, b) => a - b)).toEqual(fine);
    }),
  );
});

test('batches and their number at a time keep within their bounds', async () => {
  await fc.assert(
    fc.asyncProperty(arrivals(true), limits, async (groups, options) => {
      const desk = new Desk();
      await submitAll(new MicroBatcher({ name: 'desk', run: desk.run, ...options }), groups);
      expect(Math.max(0, ...desk.sizes)).toBeLessThanOrEqual(options.batchRequestsMax);
      // B4: the search for culprits is one more.
      expect(desk.mostAtOnce).toBeLessThanOrEqual(options.batchesInFlightMax + 1);
    }),
  );
});

test('B2: when the database is away the whole batch is told so, and nobody is tried again', async () => {
  await fc.assert(
    fc.asyncProperty(arrivals(true), limits, async (groups, options) => {
      const desk = new Desk();
      const { requests, verdicts } = await submitAll(new MicroBatcher({ name: 'desk', run: desk.run, ...options }), groups);
      const away = desk.attemptsOfBatchesWithOutage;
      const hit = new Set(away.flatMap((ids) => ids.split(',').map(Number)));
      expect(verdicts).toEqual(requests.map((request) => (hit.has(request.id) ? 'away' : expected(request))));
      expect(away.join().split(',').filter(Boolean)).toHaveLength(hit.size);
    }),
  );
});

test('B3: what does not fit into the queue is refused at once, and what was accepted still finishes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 40 }), async (queueRequestsMax, count) => {
      const desk = new Desk();
      const batcher = new MicroBatcher({ name: 'desk', run: desk.run, queueRequestsMax, batchRequestsMax: 3 });
      const { verdicts } = await submitAll(batcher, [[Array.from({ length: count }, (): Kind => 'fine'), 0]]);
      const accepted = Math.min(count, queueRequestsMax);
      expect(verdicts.slice(0, accepted)).toEqual(Array.from({ length: accepted }, (_, id) => `verdict ${id}`));
      expect(verdicts.slice(accepted)).toEqual(Array.from({ length: count - accepted }, () => 'the queue desk is full'));
    }),
  );
});

describe('the flow of batches', () => {
  /** Every batch waits until it is let go. */
  function gated(options: { readonly batchRequestsMax?: number; readonly queueRequestsMax?: number } = {}) {
    const batches: { readonly ids: readonly number[]; readonly letGo: () => void }[] = [];
    const run = (batch: readonly number[]): Promise<readonly number[]> => {
      const { promise, resolve } = Promise.withResolvers<readonly number[]>();
      batches.push({ ids: batch, letGo: () => resolve(batch) });
      return promise;
    };
    return { batcher: new MicroBatcher({ name: 'gate', run, ...options }), batches };
  }

  test('a lone request leaves at the end of the turn in which it came', async () => {
    const { batcher, batches } = gated();
    const verdict = batcher.submit(1);
    expect(batches).toEqual([]);
    await turn();
    expect(batches).toMatchObject([{ ids: [1] }]);
    batches[0]?.letGo();
    expect(await verdict).toBe(1);
  });

  test('requests that come while a batch is in flight leave together in the next, in the order in which they came', async () => {
    const { batcher, batches } = gated({ batchRequestsMax: 3 });
    const verdicts = [batcher.submit(1)];
    await turn();
    for (const id of [2, 3, 4, 5]) verdicts.push(batcher.submit(id));
    await turn();
    expect(batches).toHaveLength(1);
    for (let next = 0; next < 3; next++) {
      batches[next]?.letGo();
      await turn();
      await turn();
    }
    expect(batches.map(({ ids }) => ids)).toEqual([[1], [2, 3, 4], [5]]);
    expect(await Promise.all(verdicts)).toEqual([1, 2, 3, 4, 5]);
  });

  test('B4: whoever comes behind a culprit does not wait for the search', async () => {
    const letGo: (() => void)[] = [];
    const run = async (batch: readonly string[]): Promise<readonly string[]> => {
      if (batch.includes('late')) return batch;
      if (batch.length === 1) await new Promise<void>((resolve) => letGo.push(resolve));
      if (batch.includes('poison')) throw new Error('poisoned');
      return batch;
    };
    const batcher = new MicroBatcher({ name: 'gate', run, batchRequestsMax: 2 });
    const searched = Promise.allSettled([batcher.submit('neighbour'), batcher.submit('poison')]);
    const behind = batcher.submit('late');
    expect(await behind).toBe('late');
    letGo.shift()?.();
    await turn();
    letGo.shift()?.();
    expect(await searched).toMatchObject([{ value: 'neighbour' }, { reason: { message: 'poisoned' } }]);
  });

  test('B4: one search at a time: the batches behind a second culprit wait for the first search', async () => {
    const letGo: (() => void)[] = [];
    const run = async (batch: readonly string[]): Promise<readonly string[]> => {
      if (batch.length === 1 && batch[0] !== 'late') await new Promise<void>((resolve) => letGo.push(resolve));
      if (batch.includes('poison')) throw new Error('poisoned');
      return batch;
    };
    const batcher = new MicroBatcher({ name: 'gate', run, batchRequestsMax: 2 });
    const searched = Promise.allSettled(['first', 'poison', 'second', 'poison'].map((each) => batcher.submit(each)));
    let answered = false;
    const behind = batcher.submit('late').then(() => (answered = true));
    for (let turns = 0; turns < 10; turns++) await turn();
    expect({ searches: letGo.length, answered }).toEqual({ searches: 1, answered: false });
    for (let searching = 0; searching < 4; searching++) {
      letGo.shift()?.();
      for (let turns = 0; turns < 5; turns++) await turn();
    }
    await behind;
    expect((await searched).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
  });

  test('a queue that was full takes requests again when a batch has left it', async () => {
    const { batcher, batches } = gated({ queueRequestsMax: 1 });
    const first = batcher.submit(1);
    await expect(batcher.submit(2)).rejects.toThrow(Overloaded);
    await turn();
    const third = batcher.submit(3);
    batches[0]?.letGo();
    await turn();
    await turn();
    batches[1]?.letGo();
    expect(await Promise.all([first, third])).toEqual([1, 3]);
  });
});

test('a batch that does not answer everybody is a fault for all of them', async () => {
  const batcher = new MicroBatcher<number, number>({ name: 'short', run: () => Promise.resolve([]) });
  const verdicts = await Promise.allSettled([1, 2, 3].map((id) => batcher.submit(id)));
  expect(verdicts.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
});
