import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startRedis } from '../infra/redis.js';
import { temporaryFolder } from '../infra/temporary-folder.js';
import type { CouponGate } from '../src/coupon/application/coupon-gate.port.js';
import { PgCouponGate } from '../src/coupon/infrastructure/pg-coupon-gate.js';
import { RedisCouponGate } from '../src/coupon/infrastructure/redis-coupon-gate.js';
import { sql } from '../src/database/database.js';
import { Databases } from '../src/database/databases.js';
import { startEmbeddedPostgres } from '../src/database/embedded/embedded-postgres.js';
import { migrate } from '../src/database/migrate.js';
import type { CouponId, UserId } from '../src/kernel/ids.js';
import { Redis } from '../src/redis/redis.js';

// A rush at the gate itself, without HTTP: customers at two processes' gates, in turn kept by the database (the yardstick) and by
// Redis; then the same with Redis emptied in the middle. Durable: fsync and synchronous_commit are on.
// node --experimental-transform-types --import ./test/support/typescript-imports.mjs bench/coupon-rush.ts [--customers 10000] [--quantity 1000] [--rounds 5]

const { values } = parseArgs({
  options: {
    customers: { type: 'string', default: '10000' },
    quantity: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
  },
});
const [customers, quantity, rounds] = [Number(values.customers), Number(values.quantity), Number(values.rounds)];
const IN_FLIGHT = 2_000;
const FLUSH_EVERY_MS = 20;

const OFFER = sql(
  'bench.offer',
  `INSERT INTO shop_coupon.coupon (name, discount_rate, quantity, starts_at, expires_at)
   VALUES ('rush', 10, $1, now(), now() + interval '1 day') RETURNING id`,
);
const ISSUED = sql(
  'bench.issued',
  `SELECT count(*)::int AS issued, max(admission) AS last, count(DISTINCT user_id)::int AS customers FROM shop_coupon.user_coupon WHERE coupon_id = $1`,
);

const dataDir = temporaryFolder();
const [postgres, server] = await Promise.all([startEmbeddedPostgres({ dataDir }), startRedis()]);
await migrate({ url: postgres.url, domains: ['coupon'], platform: [] });
const databases = [1, 2].map(() => new Databases({ url: postgres.url }));
const connections = [1, 2, 3].map(() => new Redis({ url: server.url }));
while (connections.some(({ problem }) => problem !== null)) await new Promise((resolve) => setTimeout(resolve, 5));

const byDatabase = databases.map((each) => new PgCouponGate(each.of('coupon')));
const byRedis = databases.map((each, index) => new RedisCouponGate(connections[index] as Redis, each.of('coupon'), 'database'));
const flush = (): void => void connections[2]?.command((client) => client.flushAll()).catch(() => {});

const decided: Record<'database' | 'redis' | 'redis, emptied every 20 ms', number[]> = {
  database: [],
  redis: [],
  'redis, emptied every 20 ms': [],
};
for (let round = 1; round <= rounds; round++) {
  decided.database.push(await rush(byDatabase));
  decided.redis.push(await rush(byRedis));
  const flushing = setInterval(flush, FLUSH_EVERY_MS);
  decided['redis, emptied every 20 ms'].push(await rush(byRedis));
  clearInterval(flushing);
}
const median = (figures: readonly number[]): number => figures.toSorted((a, b) => a - b)[figures.length >> 1] ?? 0;
const yardstick = median(decided.database);
for (const [who, figures] of Object.entries(decided)) {
  const ratio = (median(figures) / yardstick).toFixed(2);
  console.log(`${who}: ${Math.round(median(figures))} decisions/s (median of ${rounds}), ${ratio} of the database`);
}

for (const redis of connections) redis.close();
await Promise.all(databases.map((each) => each.close()));
await Promise.all([server.stop(), postgres.stop()]);
rmSync(dataDir, { recursive: true, force: true });

/** @returns decisions per second. @throws when one coupon too many or too few was issued. */
async function rush(gates: readonly CouponGate[]): Promise<number> {
  const database = (databases[0] as Databases).of('coupon');
  const [coupon] = await database.query<{ id: CouponId }>(OFFER, [quantity]);
  const couponId = coupon?.id as CouponId;
  const startedMs = performance.now();
  let next = 0;
  const ask = async (): Promise<void> => {
    while (next < customers) {
      const userId = ++next as UserId;
      await gates[userId % gates.length]?.issue({ couponId, userId });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, ask));
  const seconds = (performance.now() - startedMs) / 1_000;
  const [issued] = await database.query<{ issued: number; last: number; customers: number }>(ISSUED, [couponId]);
  const all = Math.min(quantity, customers);
  if (issued?.issued !== all || issued.last !== all || issued.customers !== all) throw new Error(`not ${all}: ${JSON.stringify(issued)}`);
  return customers / seconds;
}
