import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WakeUp } from './wake-up.js';

const POLL_INTERVAL_MS = 1_000;

describe('a sleeper', () => {
  let wakeUp: WakeUp;
  let wakes: number;
  const sleep = (): void => void wakeUp.wait(POLL_INTERVAL_MS).then(() => wakes++);
  const afterMs = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

  beforeEach(() => {
    vi.useFakeTimers();
    wakeUp = new WakeUp();
    wakes = 0;
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('wakes at a hint, at once', async () => {
    sleep();
    await afterMs(1);
    expect(wakes).toBe(0);
    wakeUp.hint();
    await afterMs(0);
    expect(wakes).toBe(1);
  });

  test('without a hint wakes at the poll', async () => {
    sleep();
    await afterMs(POLL_INTERVAL_MS - 1);
    expect(wakes).toBe(0);
    await afterMs(1);
    expect(wakes).toBe(1);
  });

  test('does not sleep when it was hinted while awake: nothing is lost between the work and the sleep', async () => {
    wakeUp.hint();
    sleep();
    await afterMs(0);
    expect(wakes).toBe(1);
  });

  test('takes many hints as one', async () => {
    wakeUp.hint();
    wakeUp.hint();
    sleep();
    await afterMs(0);
    sleep();
    await afterMs(POLL_INTERVAL_MS - 1);
    expect(wakes).toBe(1);
  });

  test('sleeps again and again, each time to the next hint', async () => {
    for (const times of [1, 2, 3]) {
      sleep();
      await afterMs(10);
      wakeUp.hint();
      await afterMs(0);
      expect(wakes).toBe(times);
    }
  });

  test('leaves no timer behind', async () => {
    sleep();
    wakeUp.hint();
    await afterMs(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
