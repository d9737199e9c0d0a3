import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RunningRedis, startRedis } from '../../infra/redis.js';
import { CouponCopies, type Reserved } from '../../src/coupon/infrastructure/coupon-copies.js';
import { PgCouponGate } from '../../src/coupon/infrastructure/pg-coupon-gate.js';
import { Databases } from '../../src/database/databases.js';
import { Unavailable } from '../../src/kernel/faults.js';
import type { CouponId, UserId } from '../../src/kernel/ids.js';
import type { Redis } from '../../src/redis/redis.js';
import { CouponDomain } from '../coupon/coupon-domain.js';
import { connectedRedis, describeWithRedis, sharedRedis } from '../support/redis.js';

const PATIENCE = { timeout: 20_000, interval: 20 };

describeWithRedis('a reservation in Redis', () => {
  const options = sharedRedis();
  let shop: CouponDomain;
  let redis: Redis;
  let databases: Databases;
  let copies: CouponCopies;
  let couponId: CouponId;

  beforeAll(async () => {
    shop = await CouponDomain.start({ redis: options });
    redis = await connectedRedis(options);
    databases = new Databases({ url: shop.databaseUrl });
    copies = new CouponCopies(redis, databases.of('coupon'));
  });
  afterAll(async () => {
    redis.close();
    await databases.close();
    await shop.stop();
  });
  beforeEach(async () => {
    couponId = await shop.offer({ quantity: 3 });
  });

  /** As a process does that is killed before it writes them. */
  async function reserveAndDie(...userIds: readonly number[]): Promise<Reserved | null> {
    await copies.open(couponId);
    return copies.reserve(
      couponId,
      userIds.map((userId) => ({ asker: { couponId, userId: userId as UserId }, reservation: randomUUID() })),
    );
  }

  const holders = async (): Promise<number[]> => {
    const text = 'SELECT user_id FROM shop_coupon.user_coupon WHERE coupon_id = $1 ORDER BY admission';
    return (await shop.rows<{ user_id: number }>(text, [couponId])).map(({ user_id }) => user_id);
  };

  test('whose process died is written by the next one, in its turn (Z6)', async () => {
    await reserveAndDie(7, 5);
    expect(await shop.issue(couponId, 1)).toBe(3);
    expect(await holders()).toEqual([7, 5, 1]);
  });

  test('whose process died is seen to by those who are turned away, when nobody else comes in any more (Z8)', async () => {
    await reserveAndDie(7, 5, 6);
    expect(await shop.issue(couponId, 1)).toBe('COUPON_SOLD_OUT');
    await expect
      .poll(async () => {
        await shop.issue(couponId, 1);
        return holders();
      }, PATIENCE)
      .toEqual([7, 5, 6]);
    expect(await shop.issue(couponId, 5)).toBe('ALREADY_ISSUED');
  });

  test('whose process died is there for its customer who asks again', async () => {
    await reserveAndDie(7, 5);
    expect(await shop.issue(couponId, 5)).toBe('ALREADY_ISSUED');
    expect(await holders()).toEqual([7, 5]);
  });

  test('of which more are open than one batch takes: all before one’s own are written first', async () => {
    const many = 2_500;
    couponId = await shop.offer({ quantity: many + 1 });
    const dead = Array.from({ length: many }, (_, index) => index + 1);
    for (let from = 0; from < many; from += 250) await reserveAndDie(...dead.slice(from, from + 250));
    expect(await shop.issue(couponId, many + 1)).toBe(many + 1);
    expect(await holders()).toEqual([...dead, many + 1]);
  });

  test('is given back when the database cannot write it, and the next customer gets the place', async () => {
    await shop.rows(`ALTER TABLE shop_coupon.user_coupon ADD CONSTRAINT test_poisoned CHECK (user_id <> 13) NOT VALID`);
    const verdicts = await Promise.all([1, 13, 2].map((userId) => shop.issue(couponId, userId).catch(() => 'FAULT')));
    expect(verdicts).toEqual([1, 'FAULT', 2]);
    expect(await shop.issue(couponId, 3)).toBe(3);

    couponId = await shop.offer({ quantity: 3 });
    await reserveAndDie(5, 13);
    expect([await shop.issue(couponId, 1), await shop.issue(couponId, 2)]).toEqual([2, 3]);
    await shop.rows('ALTER TABLE shop_coupon.user_coupon DROP CONSTRAINT test_poisoned');
    expect(await holders()).toEqual([5, 1, 2]);
  });

  test('of a copy that the database contradicts goes with it: the next copy knows what the database knows', async () => {
    await copies.open(couponId);
    const withoutRedis = new PgCouponGate(databases.of('coupon'));
    for (const userId of [1, 2, 3]) expect(await shop.issue(couponId, userId, withoutRedis)).toBe(userId);
    expect(await shop.issue(couponId, 4)).toBe('COUPON_SOLD_OUT');
    expect((await reserveAndDie(2, 4))?.answers).toEqual([{ admission: 2 }, 'SOLD_OUT']);
  });

  test('of another database counts for nothing: the copy names the database (Z4)', async () => {
    await reserveAndDie(7, 5, 6);
    const reset = await CouponDomain.start({ redis: options });
    await reset.rows('ALTER TABLE shop_coupon.coupon ALTER id RESTART WITH ' + couponId);
    expect(await reset.offer({ quantity: 3 })).toBe(couponId);
    expect(await reset.issue(couponId, 1)).toBe(1);
    await reset.stop();
  });

  test('lasts no longer than the coupon: its last second is the database’s', async () => {
    couponId = await shop.offer({ quantity: 3, expiresAt: new Date(Date.now() + 900) });
    expect(await reserveAndDie(7)).toBeNull();
    expect(await shop.issue(couponId, 1)).toBe(1);
    await shop.expire(couponId);
    expect(await shop.issue(couponId, 2)).toBe('EXPIRED_COUPON');
  });
});

describeWithRedis('a gate that is set to refuse without Redis', () => {
  let server: RunningRedis;
  beforeAll(async () => void (server = await startRedis()));
  afterAll(() => server.stop());

  test('refuses while Redis is away, for now, and issues what is left when it is back', async () => {
    const shop = await CouponDomain.start({ redis: { url: server.url }, whileAway: 'refuse' });
    const couponId = await shop.offer({ quantity: 2 });
    expect(await shop.issue(couponId, 1)).toBe(1);
    await server.kill();
    await expect(shop.issue(couponId, 2)).rejects.toThrow(Unavailable);
    await server.restart();
    await shop.connected();
    expect(await Promise.all([2, 1, 3].map((userId) => shop.issue(couponId, userId)))).toEqual([2, 'ALREADY_ISSUED', 'COUPON_SOLD_OUT']);
    await shop.stop();
  });
});

describe('where Redis cannot be reached at all', () => {
  test('the database keeps the gate', async () => {
    const shop = await CouponDomain.start({ redis: { url: 'redis://127.0.0.1:1' }, waitForRedis: false });
    const couponId = await shop.offer({ quantity: 2 });
    expect(await Promise.all([1, 2, 3].map((userId) => shop.issue(couponId, userId)))).toEqual([1, 2, 'COUPON_SOLD_OUT']);
    await shop.stop();
  });
});
