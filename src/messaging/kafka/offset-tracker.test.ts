import { describe, expect, test } from 'vitest';
import { OffsetTracker } from './offset-tracker.js';

function having(first: bigint, ...offsets: bigint[]): OffsetTracker {
  const tracker = new OffsetTracker(first);
  for (const offset of offsets) tracker.read(offset);
  return tracker;
}

describe('what may be committed', () => {
  test('is nothing before the first message is done with', () => {
    expect(having(5n, 5n, 6n).toCommit()).toBeNull();
  });

  test('M1: ends before the first message that is not done with', () => {
    const tracker = having(5n, 5n, 6n, 7n, 8n);
    for (const offset of [7n, 5n]) tracker.done(offset);
    expect(tracker.toCommit()).toBe(6n);
    tracker.done(6n);
    expect(tracker.toCommit()).toBe(8n);
  });

  test('is everything when all are done with, also when offsets are missing between them', () => {
    const tracker = having(5n, 5n, 9n);
    for (const offset of [5n, 9n]) tracker.done(offset);
    expect(tracker.toCommit()).toBe(10n);
  });

  test('is nothing more after it has been committed', () => {
    const tracker = having(5n, 5n);
    tracker.done(5n);
    tracker.hasCommitted(6n);
    expect(tracker.toCommit()).toBeNull();
  });
});

test('M2: a partition that is read again from an earlier offset needs a new tracker', () => {
  const tracker = having(5n, 5n, 6n);
  expect([tracker.read(6n), tracker.read(4n), tracker.read(7n)]).toEqual([false, false, true]);
});
