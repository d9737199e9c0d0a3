import { describe, expect, test } from 'vitest';
import { type Step, checkLinearizable } from './linearizability.js';
import { type CounterAction, counterModel } from './models/counter.js';

const add = (by: number, from: number, to: number, leaves: number | null = null): Step<CounterAction> => ({
  action: { does: 'change', by, leaves },
  from,
  to,
  says: `add ${by}`,
});

const read = (count: number, from: number, to: number): Step<CounterAction> => ({
  action: { does: 'read', count },
  from,
  to,
  says: `read ${count}`,
});

const verdictOn = (steps: readonly Step<CounterAction>[], configurationsMax?: number) =>
  checkLinearizable(counterModel(0), steps, configurationsMax).outcome;

describe('what can be put into one order is right', () => {
  test.for<[string, Step<CounterAction>[]]>([
    ['an empty history', []],
    ['a read during a change sees it or does not', [add(1, 1, 4), read(0, 2, 3), read(1, 5, 6)]],
    ['a read that begins first may see what ends last', [read(1, 1, 6), add(1, 2, 5)]],
    ['changes at the same time, answered the other way round', [add(1, 1, 10, 6), add(5, 2, 9, 5), read(6, 11, 12)]],
    ['a step needs another that is still under way', [add(5, 1, 10), add(-3, 2, 4, 2), read(2, 5, 6)]],
    ['a change of unknown outcome that was made, long after its client had gone', [add(5, 1, Infinity), read(0, 2, 3), read(5, 4, 5)]],
    ['a change of unknown outcome that was never made', [add(5, 1, Infinity), read(0, 2, 3)]],
  ])('%s', ([, steps]) => {
    expect(verdictOn(steps)).toBe('linearizable');
  });
});

describe('what cannot is violated', () => {
  test.for<[string, Step<CounterAction>[]]>([
    ['a stale read', [add(1, 1, 2), read(0, 3, 4)]],
    ['a read of the future', [read(1, 1, 2), add(1, 3, 4)]],
    ['a lost update', [add(1, 1, 5, 1), add(1, 2, 6, 1)]],
    ['reads that disagree about the order of changes', [add(1, 1, 9), add(2, 1, 9), read(1, 2, 3), read(2, 4, 5)]],
    ['a value that comes back', [add(1, 1, 9), read(1, 2, 3), read(0, 4, 5)]],
    ['more taken than is there', [add(1, 1, 2), add(-1, 3, 6), add(-1, 3, 6)]],
    ['a change of unknown outcome that was made twice', [add(5, 1, Infinity), read(10, 2, 3)]],
    ['a change of unknown outcome that is gone again', [add(5, 1, Infinity), read(5, 2, 3), read(0, 4, 5)]],
  ])('%s', ([, steps]) => {
    expect(verdictOn(steps)).toBe('violated');
  });
});

test('what is undone may be seen while it lasts, and not before or after', () => {
  const done = add(5, 2, 8);
  const undone: Step<CounterAction> = { ...add(-5, 2, 8), after: done };
  expect(verdictOn([done, undone, read(0, 1, 3), read(5, 4, 5), read(0, 6, 7), read(0, 9, 10)])).toBe('linearizable');
  expect(verdictOn([done, undone, read(5, 9, 10)])).toBe('violated');
  expect(verdictOn([done, undone, read(5, 3, 4), read(0, 5, 6), read(5, 7, 9)])).toBe('violated');
});

test('what may never be done is undone in time, if it is done', () => {
  const done = add(5, 1, Infinity);
  const undone: Step<CounterAction> = { ...add(-5, 1, 10), after: done };
  expect(verdictOn([done, undone, read(5, 2, 3), read(0, 11, 12)])).toBe('linearizable');
  expect(verdictOn([done, undone, read(0, 2, 3), read(0, 11, 12)])).toBe('linearizable');
  expect(verdictOn([done, undone, read(5, 2, 3), read(5, 11, 12)])).toBe('violated');
  expect(verdictOn([done, undone, read(5, 11, 12)])).toBe('violated');
});

test('one that only does is not mistaken for one that is undone, whichever is taken first', () => {
  const stays = add(5, 1, 10);
  const done = add(5, 1, 8);
  const undone: Step<CounterAction> = { ...add(-5, 1, 8), after: done };
  expect(verdictOn([stays, done, undone, read(5, 2, 3), read(10, 4, 5), read(5, 9, 11)])).toBe('linearizable');
  expect(verdictOn([stays, done, undone, read(5, 2, 3), read(0, 4, 5), read(5, 9, 11)])).toBe('linearizable');
  expect(verdictOn([stays, done, undone, read(0, 9, 11), read(0, 12, 13)])).toBe('violated');
});

test('the report names the step that fits nowhere, and what the object could be by then', () => {
  const verdict = checkLinearizable(counterModel(0), [add(1, 1, 4), read(3, 2, 3)]);
  expect(verdict).toEqual({ outcome: 'violated', step: 'read 3', states: ['0'] });
});

test('a search that would go on for too long ends undecided', () => {
  const tangle = Array.from({ length: 24 }, (_, index) => add(2 ** index, 1, 100));
  expect(verdictOn([...tangle, read(-1, 2, 3)], 10_000)).toBe('undecided');
});

test('thousands of steps, dozens at a time, are decided', () => {
  const steps = Array.from({ length: 5_000 }, (_, index) => add(1 + (index % 3), index, index + 40));
  const total = steps.reduce((sum, _, index) => sum + 1 + (index % 3), 0);
  expect(verdictOn([...steps, read(total, 6_000, 6_001)])).toBe('linearizable');
});
