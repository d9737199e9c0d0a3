import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { networkOf } from './network.js';
import { RateLimiter } from './rate-limiter.js';

const MINUTE_MS = 60_000;

describe('an allowance', () => {
  test('may be spent at once, and comes back bit by bit', () => {
    const limiter = new RateLimiter(6);
    const remaining = Array.from({ length: 6 }, () => limiter.take('ada', 0).remaining);
    expect(remaining).toEqual([5, 4, 3, 2, 1, 0]);
    expect(limiter.take('ada', 0)).toEqual({ allowed: false, remaining: 0, resetSeconds: 60, retryAfterSeconds: 10 });
    expect(limiter.take('ada', 9_000)).toMatchObject({ allowed: false, retryAfterSeconds: 1 });
    expect(limiter.take('ada', 10_000)).toMatchObject({ allowed: true, remaining: 0 });
    expect(limiter.take('ada', 10_000 + MINUTE_MS)).toMatchObject({ allowed: true, remaining: 5 });
  });

  test('is one per caller', () => {
    const limiter = new RateLimiter(1);
    expect([limiter.take('ada', 0).allowed, limiter.take('bob', 0).allowed, limiter.take('ada', 0).allowed]).toEqual([true, true, false]);
  });

  test('is never exceeded by more than itself within a minute, and who waits as told is let in', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 200 }),
        (perMinute, gaps) => {
          const limiter = new RateLimiter(perMinute);
          const allowedAt: number[] = [];
          let now = 0;
          for (const gap of gaps) {
            now += gap;
            const verdict = limiter.take('ada', now);
            if (verdict.allowed) allowedAt.push(now);
            else if (limiter.take('ada', (now += verdict.retryAfterSeconds * 1_000)).allowed) allowedAt.push(now);
            else return false;
          }
          return allowedAt.every((start) => allowedAt.filter((at) => at >= start && at < start + MINUTE_MS).length <= 2 * perMinute);
        },
      ),
    );
  });
});

test('memory is bounded: beyond it the idle are forgotten first, then the oldest', () => {
  const limiter = new RateLimiter(1, 100);
  for (let caller = 0; caller < 100; caller++) limiter.take(caller, caller < 50 ? 0 : MINUTE_MS);
  expect(limiter.take(99, MINUTE_MS).allowed).toBe(false);
  limiter.take('new', MINUTE_MS);
  expect(limiter.take(99, MINUTE_MS).allowed).toBe(false);
  for (let caller = 1_000; caller < 1_100; caller++) limiter.take(caller, MINUTE_MS);
  expect(limiter.take(1_099, MINUTE_MS).allowed).toBe(false);
  expect(limiter.take(50, MINUTE_MS).allowed).toBe(true);
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::1', '0:0:0:0'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::9', '2001:db8:1:2'],
  ['2001:db8::9', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('the network of %s is %s', (ip, network) => {
  expect(networkOf(ip)).toBe(network);
});
