import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningRedis, startRedis } from '../../infra/redis.js';
import { type DomainDatabase, sql } from '../../src/database/database.js';
import { Databases } from '../../src/database/databases.js';
import type { ProductId } from '../../src/kernel/ids.js';
import type { Sale } from '../../src/product/domain/sales-ranking.repository.js';
import { DayCopies } from '../../src/product/infrastructure/day-copies.js';
import { PgSalesRankingRepository } from '../../src/product/infrastructure/pg-sales-ranking.repository.js';
import { PgTopSellerQueries } from '../../src/product/infrastructure/pg-top-seller-queries.js';
import { RedisSalesRankingRepository } from '../../src/product/infrastructure/redis-sales-ranking.repository.js';
import { RedisTopSellerQueries } from '../../src/product/infrastructure/redis-top-seller-queries.js';
import type { Redis } from '../../src/redis/redis.js';
import { Random } from '../simulation/random.js';
import { type FreshDatabase, freshDatabase } from '../support/database.js';
import { connected, connectedRedis, describeWithRedis } from '../support/redis.js';

const PRODUCTS = 30;
const DAYS = 4;
const DAY_MS = 86_400_000;
const ROUNDS = 40;

const ADD_PRODUCTS = sql(
  'test.add-products',
  `INSERT INTO shop_product.product (name, category, price) SELECT 'product ' || n, 'ranked', n FROM generate_series(1, $1) AS n`,
);

describeWithRedis('the ranking in a Redis that fails', () => {
  let server: RunningRedis;
  let redis: Redis;
  let fresh: FreshDatabase;
  let databases: Databases;
  let database: DomainDatabase;
  let copies: DayCopies;

  beforeAll(async () => {
    [server, fresh] = await Promise.all([startRedis(), freshDatabase()]);
    databases = new Databases({ url: fresh.url });
    database = databases.of('product');
    redis = await connectedRedis({ url: server.url });
    copies = new DayCopies(redis, database);
    await database.query(ADD_PRODUCTS, [PRODUCTS]);
  });
  afterAll(async () => {
    redis.close();
    await databases.close();
    await Promise.all([server.stop(), fresh.drop()]);
  });

  /** Few figures, so that many are equal. */
  const someSales = (random: Random): Sale[] =>
    Array.from({ length: random.integer(1, 12) }, () => ({
      productId: random.integer(1, PRODUCTS) as ProductId,
      quantity: random.integer(1, 3),
      paidAt: new Date(Date.now() - random.integer(0, DAYS - 1) * DAY_MS - random.integer(0, 3)).toISOString(),
    }));

  const dump = () => join(server.folder, 'dump.rdb');
  const oldDump = () => join(server.folder, 'old.rdb');

  const restartWith = async (file: string): Promise<void> => {
    await server.kill();
    copyFileSync(file, dump());
    await server.restart();
    await connected(redis);
  };

  test.each([1, 2, 3])('answers as the database does, whatever it lost, missed or dug out (seed %i)', async (seed) => {
    const random = new Random(seed);
    const inStep = new RedisSalesRankingRepository(copies);
    const outOfStep = new PgSalesRankingRepository();
    const fromDatabase = new PgTopSellerQueries(database);
    const fromRedis = new RedisTopSellerQueries(copies, database, { topSellers: () => Promise.reject(new Error('Redis did not answer')) });
    const save = async (): Promise<void> => {
      await redis.command((client) => client.sendCommand(['SAVE']));
      copyFileSync(dump(), oldDump());
    };
    await save();
    const happenings = {
      sold: () => database.run((tx) => inStep.add(tx, someSales(random))),
      'sold, but Redis was not told': () => database.run((tx) => outOfStep.add(tx, someSales(random))),
      'sold at once': () => Promise.all(Array.from({ length: 8 }, () => database.run((tx) => inStep.add(tx, someSales(random))))),
      flushed: () => redis.command((client) => client.flushAll()),
      'half a day evicted': () => redis.command((client) => client.del(`{sales}:${new Date().toISOString().slice(0, 10)}:sold-at`)),
      saved: save,
      'restarted with an old copy': () => restartWith(oldDump()),
    };
    for (let round = 1; round <= ROUNDS; round++) {
      const what = random.weighted({
        sold: 10,
        'sold, but Redis was not told': 3,
        'sold at once': 3,
        flushed: 1,
        'half a day evicted': 2,
        saved: 1,
        'restarted with an old copy': 1,
      });
      await happenings[what]();
      for (const days of [1, DAYS]) {
        for (const rowsMax of [3, PRODUCTS]) {
          expect(await fromRedis.topSellers(days, rowsMax), `round ${round}: ${what}`).toEqual(
            await fromDatabase.topSellers(days, rowsMax),
          );
        }
      }
    }
  });

  test('is answered from Redis while it is in step, and by the database when Redis is gone', async () => {
    const asked: string[] = [];
    const whileAway = { topSellers: async () => (asked.push('database'), { items: [], since: new Date() }) };
    const queries = new RedisTopSellerQueries(copies, database, whileAway);
    const inStep = new RedisSalesRankingRepository(copies);
    await database.run((tx) => inStep.add(tx, someSales(new Random(7))));
    expect((await queries.topSellers(DAYS, 5)).items).toHaveLength(5);
    expect(asked).toEqual([]);
    await server.kill();
    await queries.topSellers(DAYS, 5);
    expect(asked).toEqual(['database']);
    await database.run((tx) => inStep.add(tx, someSales(new Random(8))));
    await server.restart();
    await connected(redis);
    expect((await queries.topSellers(DAYS, 5)).items).toEqual((await new PgTopSellerQueries(database).topSellers(DAYS, 5)).items);
    expect(asked).toEqual(['database']);
  });
});
