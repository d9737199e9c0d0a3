/**
 * Does the shop become slower as it grows? A year of a shop is generated, and an empty shop; then the same load runs on both in turn,
 * on one PostgreSQL with the settings of `npm start`: customers from anywhere place an order each, then they pay. At the end every
 * list and lookup is asked for on both, and both are audited.
 *
 *   npm run bench:growth -- [--orders 10000000] [--users 1000000] [--options 100000] [--rounds 5] [--paid 8000] [--clients 32]
 */
import { execFileSync } from 'node:child_process';
import { rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { temporaryFolder } from '../infra/temporary-folder.js';
import { audit } from '../src/audit/audit.js';
import { startEmbeddedPostgres } from '../src/database/embedded/embedded-postgres.js';
import { migrate } from '../src/database/migrate.js';
import { DOMAINS, PLATFORM } from '../test/support/postgres.js';
import type { Figures } from './growth/figures.js';
import { generateShop, type ShopSize } from './growth/generate-shop.js';
import { askForEverything } from './growth/lookups.js';
import { MeasuredShop } from './growth/measured-shop.js';
import { placeAndPay } from './growth/place-and-pay.js';
import { median } from './report/median.js';

/** With its lines, holds, payment, entries, steps and receipt, their indexes, and room for sorting while it is generated. */
const BYTES_PER_ORDER = 4_500;
const AUDIT_MS_MAX = 30 * 60_000;
const EMPTY: ShopSize = { orders: 0, users: 10_000, options: 1_000 };
/** Nothing of it is lost that could not be generated again. */
const WHILE_GENERATING = {
  fsync: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  shared_buffers: '1GB',
  max_wal_size: '32GB',
  checkpoint_timeout: '1h',
};

const text = (value: string) => ({ type: 'string', default: value }) as const;
const { values } = parseArgs({
  options: {
    orders: text('10000000'),
    users: { type: 'string' },
    options: { type: 'string' },
    rounds: text('5'),
    paid: text('8000'),
    clients: text('32'),
  },
});
const orders = Number(values.orders);
const grownSize: ShopSize = {
  orders,
  users: Number(values.users ?? Math.max(1_000, orders / 10)),
  options: Number(values.options ?? Math.max(1_000, orders / 100)),
};
const load = { orders: Number(values.paid), clients: Number(values.clients) };

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
const { bavail, bsize } = statfsSync(tmpdir());
const [needed, free] = [orders * BYTES_PER_ORDER, bavail * bsize];
console.log(`${gigabytes(needed)} of disk are needed in ${tmpdir()}, ${gigabytes(free)} are free`);
if (free < needed) throw new Error(`not enough room in ${tmpdir()}: set TMPDIR, or ask for fewer --orders`);

execFileSync(fileURLToPath(new URL('../bin/ordersaga', import.meta.url)), ['build'], { stdio: 'inherit' });
const dataDir = temporaryFolder();
await generate();
const postgres = await startEmbeddedPostgres({ dataDir });
const shops = [
  await MeasuredShop.open('grown', databaseUrl('grown', postgres.url), grownSize, dataDir),
  await MeasuredShop.open('empty', databaseUrl('empty', postgres.url), EMPTY, dataDir),
] as const;
const measured = shops.map(() => ({ placed: [] as Figures[], paid: [] as Figures[] }));

for (let round = 0; round <= Number(values.rounds); round++) {
  for (const [index, shop] of shops.entries()) {
    const { placed, paid } = await placeAndPay(shop, load);
    console.log(`${round === 0 ? 'warm-up' : `round ${round}`}, ${shop.name}: placed ${inWords(placed)}; paid ${inWords(paid)}`);
    if (round === 0) continue;
    measured[index]?.placed.push(placed);
    measured[index]?.paid.push(paid);
  }
}
for (const what of ['placed', 'paid'] as const) {
  const [grown, empty] = measured.map((of) => medianOf(of[what])) as [Figures, Figures];
  console.log(
    `${what}: ${inWords(grown)} with ${orders} orders, ${inWords(empty)} in an empty shop: ${(grown.perSecond / empty.perSecond).toFixed(2)}`,
  );
}
for (const shop of shops) {
  console.log(`lists and lookups, one client, ${shop.name}:`);
  for (const [lookup, { p50Ms, p99Ms }] of await askForEverything(shop)) {
    console.log(`  ${lookup.padEnd(48)}p50 ${p50Ms.toFixed(1).padStart(7)} ms   p99 ${p99Ms.toFixed(1).padStart(7)} ms`);
  }
}
await Promise.all(shops.map((shop) => shop.stop()));
for (const { name, databaseUrl: url } of shops) {
  const from = performance.now();
  const { violations, pending, census } = await audit({ url, timeMsMax: AUDIT_MS_MAX });
  const seconds = ((performance.now() - from) / 1_000).toFixed(0);
  console.log(`audit, ${name}: ${violations} violations, ${pending} pending, ${census.paidOrders} paid orders, in ${seconds} s`);
  if (violations > 0) process.exitCode = 1;
}
await postgres.stop();
rmSync(dataDir, { recursive: true, force: true });
process.exit();

async function generate(): Promise<void> {
  const generating = await startEmbeddedPostgres({ dataDir, settings: WHILE_GENERATING });
  const from = performance.now();
  for (const [name, size] of [
    ['empty', EMPTY],
    ['grown', grownSize],
  ] as const) {
    await createDatabase(generating.url, name);
    const url = databaseUrl(name, generating.url);
    await migrate({ url, domains: DOMAINS, platform: PLATFORM });
    await generateShop(url, size, (what, seconds) => {
      if (seconds >= 1) console.log(`  ${seconds.toFixed(0).padStart(4)} s  ${what}`);
    });
  }
  const size = await sizeOf(databaseUrl('grown', generating.url));
  await generating.stop();
  // What is still to be written would be written while we measure.
  execFileSync('sync');
  console.log(`generated in ${((performance.now() - from) / 1_000).toFixed(0)} s: ${gigabytes(size)}`);
}

async function createDatabase(url: string, name: string): Promise<void> {
  await asAdmin(url, `CREATE DATABASE ${name}`);
}

async function sizeOf(url: string): Promise<number> {
  const [row] = await asAdmin<{ bytes: string }>(url, 'SELECT pg_database_size(current_database()) AS bytes');
  return Number(row?.bytes);
}

async function asAdmin<Row extends object>(url: string, statement: string): Promise<Row[]> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    return (await admin.query<Row>(statement)).rows;
  } finally {
    await admin.end();
  }
}

function databaseUrl(name: string, url: string): string {
  return url.replace(/[^/]+$/, name);
}

function medianOf(figures: readonly Figures[]): Figures {
  const of = (figure: keyof Figures): number => median(figures.map((each) => each[figure]));
  return { perSecond: of('perSecond'), p50Ms: of('p50Ms'), p99Ms: of('p99Ms') };
}

function inWords({ perSecond, p50Ms, p99Ms }: Figures): string {
  return `${perSecond.toFixed(0)}/s, p50 ${p50Ms.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms`;
}
