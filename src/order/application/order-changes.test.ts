import { expect, test } from 'vitest';
import type { OrderId } from '../../kernel/ids.js';
import { OrderChanges } from './order-changes.js';

const one = 1 as OrderId;
const other = 2 as OrderId;

test('who waits for an order is woken by its change, not by another', async () => {
  const changes = new OrderChanges();
  let woken = 0;
  const unwatch = changes.watch(one, () => woken++);
  changes.notify(other);
  expect(woken).toBe(0);
  changes.notify(one);
  unwatch();
  changes.notify(one);
  expect(woken).toBe(1);
});

test('a wait ends by itself, and leaves nobody watching', async () => {
  const changes = new OrderChanges();
  await expect(changes.next(one, 1)).resolves.toBeUndefined();
  const waiting = changes.next(one, 60_000);
  changes.notify(one);
  await expect(waiting).resolves.toBeUndefined();
});
