import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../support/database.js';
import { query, temporaryFolder } from '../support/embedded.js';
import { type ArmedShop, startArmedShop } from './armed-shop.js';
import { Client } from './client.js';
import { Crowd, type ErrandKind } from './crowd.js';
import { recovered } from './recovery.js';

const ERRANDS_PER_KIND = 6;
/** Money has moved, and the one who must say so is dead. */
const KILLED_AT = 'order.payment → user.deduct-balance: after commit';
const KINDS: readonly ErrandKind[] = ['pays', 'pays with a coupon', 'is refused by the coupon', 'is refused by the user', 'cancels'];
const TEST_MS_MAX = 240_000;

let database: FreshDatabase;
let folder: ReturnType<typeof temporaryFolder>;
let victim: ArmedShop;
let survivor: ArmedShop;

const open = (): Promise<ArmedShop> =>
  startArmedShop({ DATABASE_URL: database.url, DATA_DIR: folder.path, JWT_SECRET: 'a secret of at least thirty-two characters' });

beforeEach(async () => {
  database = await freshDatabase();
  folder = temporaryFolder();
  [victim, survivor] = await Promise.all([open(), open()]);
});

afterEach(async () => {
  await Promise.all([victim, survivor].map((shop) => shop.kill()));
  await database.drop();
  folder.remove();
});

test(
  'of two shops on one database one dies after charging, and the other carries its payments out, once',
  { timeout: TEST_MS_MAX },
  async ({ annotate }) => {
    const client = new Client([victim.address, survivor.address]);
    const crowd = await Crowd.gather(client, survivor.operator);
    const kinds = KINDS.flatMap((kind) => Array.from({ length: ERRANDS_PER_KIND }, () => kind));
    const errands = await Promise.all(kinds.map((kind) => crowd.prepare(kind)));
    await Promise.all(errands.map((errand) => crowd.place(errand)));

    await victim.order({ killAt: KILLED_AT });
    const killed = victim.ended.then(() => {
      client.addresses = [survivor.address];
      return new Date();
    });
    await Promise.all(errands.map((errand) => crowd.finish(errand)));
    const killedAt = await killed;
    const { payments, msFromReady } = await recovered({ ...survivor, startedAt: killedAt, readyAt: killedAt });

    expect(payments).toBeGreaterThan(0);
    expect(await crowd.repeatAll(errands)).toEqual([]);
    const [row] = await query<{ orders: number }>(database.url, 'SELECT count(*)::int AS orders FROM shop_order.orders');
    expect(row?.orders).toBe(errands.length);
    await annotate(`${payments} payments in flight; decided ${msFromReady} ms after the kill`);
  },
);
