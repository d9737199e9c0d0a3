import { expect, test } from 'vitest';
import type { ProductId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';
import { ChangedAvailability } from './changed-availability.js';

const ids = (...values: number[]): ProductId[] => values as ProductId[];

function transaction(): Transaction & { commit(): void } {
  const hints: (() => void)[] = [];
  return {
    domain: 'product',
    beforeCommit: () => {},
    afterCommit: (hint) => hints.push(hint),
    commit: () => hints.forEach((hint) => hint()),
  };
}

test('a change counts once its transaction has committed, and once however often it is marked', () => {
  const changed = new ChangedAvailability();
  const [first, rolledBack] = [transaction(), transaction()];
  changed.mark(first, ids(1, 2, 1));
  changed.mark(rolledBack, ids(3));
  expect(changed.take(10)).toEqual([]);
  first.commit();
  expect(changed.take(10)).toEqual([1, 2]);
  expect(changed.take(10)).toEqual([]);
});

test('changes are handed over in bounded portions', () => {
  const changed = new ChangedAvailability();
  changed.add(ids(1, 2, 3));
  expect(changed.take(2)).toEqual([1, 2]);
  expect(changed.take(2)).toEqual([3]);
});

test('a scan is due after a start, and again when there were more changes than are remembered', () => {
  const changed = new ChangedAvailability();
  expect([changed.takeScan(), changed.takeScan()]).toEqual([true, false]);
  changed.add(ids(...Array.from({ length: 10_001 }, (_, id) => id)));
  expect(changed.size).toBe(10_000);
  expect([changed.takeScan(), changed.takeScan()]).toEqual([true, false]);
});
