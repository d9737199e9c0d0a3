import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Periodic } from './periodic.js';

const EVERY_MS = 500;
const afterMs = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('the work runs once per interval, the first time after one', async () => {
  let rounds = 0;
  const periodic = new Periodic({ everyMs: EVERY_MS, run: () => Promise.resolve(void rounds++), onFault: () => {} });
  periodic.start();
  await afterMs(EVERY_MS - 1);
  expect(rounds).toBe(0);
  await afterMs(1);
  expect(rounds).toBe(1);
  await afterMs(EVERY_MS * 3);
  expect(rounds).toBe(4);
  await periodic.stop();
});

test('while more is waiting it runs again at once', async () => {
  let waiting = 5;
  let rounds = 0;
  const periodic = new Periodic({ everyMs: EVERY_MS, run: () => Promise.resolve(++rounds > 0 && --waiting > 0), onFault: () => {} });
  periodic.start();
  await afterMs(EVERY_MS);
  await afterMs(10);
  expect(rounds).toBe(5);
  await afterMs(EVERY_MS);
  expect(rounds).toBe(6);
  await periodic.stop();
});

test('while more is waiting it pauses as long as it was told to', async () => {
  let waiting = 3;
  let rounds = 0;
  const run = () => Promise.resolve(++rounds > 0 && --waiting > 0);
  const periodic = new Periodic({ everyMs: EVERY_MS, pauseMs: 100, run, onFault: () => {} });
  periodic.start();
  await afterMs(EVERY_MS + 99);
  expect(rounds).toBe(1);
  await afterMs(1);
  expect(rounds).toBe(2);
  await afterMs(100);
  expect(rounds).toBe(3);
  await afterMs(EVERY_MS - 1);
  expect(rounds).toBe(3);
  await periodic.stop();
});

test('a round that takes long is not overtaken by the next', async () => {
  let [running, most] = [0, 0];
  const run = async (): Promise<void> => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS * 3));
    running--;
  };
  const periodic = new Periodic({ everyMs: EVERY_MS, run, onFault: () => {} });
  periodic.start();
  await afterMs(EVERY_MS * 20);
  expect(most).toBe(1);
  const stopped = periodic.stop();
  await afterMs(EVERY_MS * 3);
  await stopped;
});

test('a fault is reported and the next round tries again', async () => {
  const faults: unknown[] = [];
  let rounds = 0;
  const run = (): Promise<void> => (++rounds === 1 ? Promise.reject(new Error('once')) : Promise.resolve());
  const periodic = new Periodic({ everyMs: EVERY_MS, run, onFault: (fault) => faults.push(fault) });
  periodic.start();
  await afterMs(EVERY_MS * 2);
  expect(faults).toEqual([new Error('once')]);
  expect(rounds).toBe(2);
  await periodic.stop();
});

test('stopping waits for the round in hand, and no other follows', async () => {
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  let [rounds, stopped] = [0, false];
  const periodic = new Periodic({ everyMs: EVERY_MS, run: () => (rounds++, finished), onFault: () => {} });
  periodic.start();
  await afterMs(EVERY_MS);
  void periodic.stop().then(() => (stopped = true));
  await afterMs(EVERY_MS);
  expect(stopped).toBe(false);
  finish();
  await afterMs(EVERY_MS * 10);
  expect([stopped, rounds, vi.getTimerCount()]).toEqual([true, 1, 0]);
});

test('one that is stopped before its first round never runs', async () => {
  let rounds = 0;
  const periodic = new Periodic({ everyMs: EVERY_MS, run: () => Promise.resolve(void rounds++), onFault: () => {} });
  periodic.start();
  await periodic.stop();
  await afterMs(EVERY_MS * 10);
  expect(rounds).toBe(0);
});
