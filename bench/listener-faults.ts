/**
 * What failing listeners cost: payments per second while 0%, 1% and 10% of the listeners' transactions fail at random, in turn on
 * one database, and how long after the last payment everything is delivered. Then a backlog: so many paid orders whose side
 * effects nobody has run yet, and how long a shop takes to catch up. The books are audited after each run.
 *
 *   npm run bench:faults -- [--orders 2000] [--clients 32] [--rounds 3] [--backlog 10000]
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ServiceInstance } from '../infra/services/service-instance.js';
import { audit } from '../src/audit/audit.js';
import { startEmbeddedPostgres } from '../src/database/embedded/embedded-postgres.js';
import { nothingUndelivered } from '../test/shapes/shaped-shop.js';
import { OPERATOR } from '../test/support/client.js';
import { LoadGenerator } from './load/load-generator.js';
import { payThroughApi } from './pay-through-api.js';
import { median } from './report/median.js';

const RATES = [0, 0.01, 0.1];
const READY_MS_MAX = 60_000;
const SIDE_EFFECTS = [
  'order.data-platform',
  'product.rank-sales',
  'cart.empty-cart',
  'notification.write-receipt',
  'notification.send-receipt',
];

const text = (value: string) => ({ type: 'string', default: value }) as const;
const { values } = parseArgs({ options: { orders: text('2000'), clients: text('32'), rounds: text('3'), backlog: text('10000') } });
const [orders, clients, rounds, backlog] = [values.orders, values.clients, values.rounds, values.backlog].map(Number) as [
  number,
  number,
  number,
  number,
];

const folder = mkdtempSync(join(tmpdir(), 'ordersaga-bench-'));
const postgres = await startEmbeddedPostgres({ dataDir: folder });
const generator = await LoadGenerator.start();
try {
  await payWhileListenersFail(0, 'warm-up');
  const measured = RATES.map((rate) => ({ rate, perSecond: [] as number[], drainedMs: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const { rate, perSecond, drainedMs } of measured) {
      const run = await payWhileListenersFail(rate, `${round}-${rate}`);
      perSecond.push(run.perSecond);
      drainedMs.push(run.drainedMs);
      console.log(
        `${(rate * 100).toFixed(0)}% faults: ${run.perSecond.toFixed(0)} payments/s, all delivered ${run.drainedMs.toFixed(0)} ms after the last; ${run.faults} faults`,
      );
    }
  }
  const yardstick = median(measured[0]?.perSecond ?? []);
  for (const { rate, perSecond, drainedMs } of measured) {
    console.log(
      `median at ${(rate * 100).toFixed(0)}%: ${median(perSecond).toFixed(0)} payments/s (${(median(perSecond) / yardstick).toFixed(2)} of none), delivered after ${median(drainedMs).toFixed(0)} ms`,
    );
  }
  console.log(await drainBacklog());
} finally {
  await generator.stop();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function payWhileListenersFail(rate: number, name: string): Promise<{ perSecond: number; drainedMs: number; faults: number }> {
  const shop = await startShop({ NODE_OPTIONS: `--import=${here('fail-at-random.mjs')}`, BENCH_FAULT_RATE: String(rate) });
  const { perSecond } = await payThroughApi(generator, { address: shop.address, clients, orders, name });
  const from = performance.now();
  await nothingUndelivered([shop.address]);
  const drainedMs = performance.now() - from;
  await shop.stop();
  await expectClean();
  const faults = Number(/faults: (\d+)\n$/.exec(readFileSync(shop.logFile, 'utf8'))?.[1] ?? NaN);
  return { perSecond, drainedMs, faults };
}

async function drainBacklog(): Promise<string> {
  const api = await startShop({ DOMAINS: SIDE_EFFECTS.map((listener) => `-${listener}`).join(',') });
  await payThroughApi(generator, { address: api.address, clients, orders: backlog, name: 'backlog' });
  await api.stop();
  const from = performance.now();
  const whole = await startShop({});
  const readyMs = performance.now() - from;
  await nothingUndelivered([whole.address]);
  const drainedMs = performance.now() - from;
  await whole.stop();
  await expectClean();
  const events = backlog * SIDE_EFFECTS.length;
  const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
  return `a backlog of ${backlog} paid orders (${events} events to deliver): gone ${seconds(drainedMs)} s after the start of the process, which was ready after ${seconds(readyMs)} s`;
}

async function startShop(environment: Readonly<Record<string, string>>): Promise<ServiceInstance> {
  const settings = {
    DATABASE_URL: postgres.url,
    DATA_DIR: folder,
    JWT_SECRET: 'a secret of at least thirty-two characters',
    ADMIN_EMAIL: OPERATOR.email,
    ADMIN_PASSWORD: OPERATOR.password,
    RATE_LIMIT_PER_MINUTE: '0',
    LOG_LEVEL: 'fatal',
  };
  const shop = await ServiceInstance.start({
    name: 'shop',
    command: ['start'],
    environment: { ...settings, ...environment },
    logFolder: folder,
  });
  await shop.ready(READY_MS_MAX);
  return shop;
}

async function expectClean(): Promise<void> {
  const report = await audit({ url: postgres.url });
  const broken = report.checks.filter(({ violations }) => violations.listed.length > 0);
  if (broken.length > 0) throw new Error(`the books are not clean: ${JSON.stringify(broken)}`);
}

function here(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}
