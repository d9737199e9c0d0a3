import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type RunningRedis, startRedis } from '../../infra/redis.js';
import type { CouponGate } from '../../src/coupon/application/coupon-gate.port.js';
import { CouponCopies } from '../../src/coupon/infrastructure/coupon-copies.js';
import { Databases } from '../../src/database/databases.js';
import type { CouponId } from '../../src/kernel/ids.js';
import { Redis } from '../../src/redis/redis.js';
import { CouponDomain } from '../coupon/coupon-domain.js';
import { connected, connectedRedis, describeWithRedis } from '../support/redis.js';

const CUSTOMERS = 1_000;
const QUANTITY = 100;
const WAVE = 20;
const WAVE_MS = 2;
const HANG_MS = 10_000;

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describeWithRedis('a rush while Redis', () => {
  let server: RunningRedis;
  let tool: Redis;
  let shop: CouponDomain;
  let other: CouponGate;
  let couponId: CouponId;

  beforeAll(async () => {
    server = await startRedis();
    tool = await connectedRedis({ url: server.url });
    shop = await CouponDomain.start({ redis: { url: server.url } });
    other = shop.anotherGate();
  });
  afterAll(async () => {
    tool.close();
    await shop.stop();
    await server.stop();
  });
  beforeEach(async () => {
    couponId = await shop.offer({ quantity: QUANTITY });
    await shop.connected();
  });

  const key = (): string => `coupon:{${couponId}}`;
  const send = (...command: string[]): Promise<unknown> => tool.command((client) => client.sendCommand(command));
  const rows = () =>
    shop.rows<{ admission: number; user_id: number }>(
      'SELECT admission, user_id FROM shop_coupon.user_coupon WHERE coupon_id = $1 ORDER BY admission',
      [couponId],
    );
  const issuedAtLeast = async (admissions: number): Promise<void> => {
    await expect.poll(async () => (await rows()).length, { timeout: HANG_MS, interval: 1 }).toBeGreaterThanOrEqual(admissions);
  };

  /** Customers come in waves, at two processes in turn; `fault` strikes when so many have a coupon. */
  async function rush(fault: { readonly after: number; readonly strike: () => unknown }): Promise<Map<number, number | string>> {
    const verdicts = new Map<number, number | string>();
    const asking: Promise<unknown>[] = [];
    const striking = issuedAtLeast(fault.after).then(fault.strike);
    for (const userId of upTo(CUSTOMERS)) {
      const gate = Math.floor(userId / WAVE) % 2 ? shop.gate : other;
      asking.push(shop.issue(couponId, userId, gate).then((verdict) => verdicts.set(userId, verdict)));
      if (userId % WAVE === 0) await sleep(WAVE_MS);
    }
    await Promise.all([...asking, striking]);
    return verdicts;
  }

  /** Everybody who was told a number has that row; all coupons are gone; nobody has two; the numbers are without gap. */
  async function expectFairEnd(verdicts: ReadonlyMap<number, number | string>): Promise<void> {
    const holders = await rows();
    expect(holders.map(({ admission }) => admission)).toEqual(upTo(QUANTITY));
    const told = [...verdicts].filter(([, verdict]) => typeof verdict === 'number').toSorted(([, a], [, b]) => Number(a) - Number(b));
    expect(told).toEqual(holders.map(({ admission, user_id }) => [user_id, admission]));
    expect(new Set(verdicts.values())).toEqual(new Set([...upTo(QUANTITY), 'COUPON_SOLD_OUT']));
    await expectSameAnswersAfterwards(holders.map(({ user_id }) => user_id));
  }

  async function expectSameAnswersAfterwards(holders: readonly number[]): Promise<void> {
    expect(new Set(await Promise.all(holders.map((userId) => shop.issue(couponId, userId))))).toEqual(new Set(['ALREADY_ISSUED']));
    expect(await shop.issue(couponId, CUSTOMERS + 1, other)).toBe('COUPON_SOLD_OUT');
  }

  test('works as it should', async () => {
    await expectFairEnd(await rush({ after: 0, strike: () => {} }));
  });

  test.each([5, 40, QUANTITY - 1])('is emptied after %i coupons', async (after) => {
    await expectFairEnd(await rush({ after, strike: () => send('FLUSHALL') }));
  });

  test('is emptied again and again', async () => {
    const strike = async (): Promise<void> => {
      for (const _ of upTo(10)) {
        await send('FLUSHALL');
        await sleep(WAVE_MS);
      }
    };
    await expectFairEnd(await rush({ after: 5, strike }));
  });

  test('is killed, and comes back empty', async () => {
    const strike = async (): Promise<void> => {
      await server.kill();
      await server.restart();
    };
    await expectFairEnd(await rush({ after: 20, strike }));
  });

  test('is killed, and comes back with an old copy', async () => {
    const strike = async (): Promise<void> => {
      await send('SAVE');
      copyFileSync(join(server.folder, 'dump.rdb'), join(server.folder, 'old.rdb'));
      await issuedAtLeast(40);
      await server.kill();
      copyFileSync(join(server.folder, 'old.rdb'), join(server.folder, 'dump.rdb'));
      await server.restart();
    };
    await expectFairEnd(await rush({ after: 10, strike }));
  });

  test('has come back: its copies of an earlier life count for nothing, though they are still there (Z4)', async () => {
    const databases = new Databases({ url: shop.databaseUrl });
    const copies = new CouponCopies(tool, databases.of('coupon'));
    await shop.issue(couponId, 1);
    expect(await copies.reserve(couponId, [])).not.toBeNull();
    await send('SAVE');
    await server.kill();
    await server.restart();
    await Promise.all([connected(tool), shop.connected()]);
    expect(await send('EXISTS', key())).toBe(1);
    expect(await copies.reserve(couponId, [])).toBeNull();
    await databases.close();
  });

  test('is given an old copy behind everybody’s back', async () => {
    const strike = async (): Promise<void> => {
      await send('COPY', key(), 'old', 'REPLACE');
      await issuedAtLeast(60);
      await send('COPY', 'old', key(), 'REPLACE');
    };
    await expectFairEnd(await rush({ after: 10, strike }));
  });

  test('hangs: the database takes over, and nobody waits for long', async () => {
    const strike = (): void => server.pause();
    try {
      const verdicts = await Promise.race([rush({ after: 20, strike }), sleep(HANG_MS)]);
      expect(verdicts).toBeDefined();
      await expectFairEnd(verdicts as Map<number, number | string>);
    } finally {
      server.resume();
    }
  });
});
