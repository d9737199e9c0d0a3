import { execFile, execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { startKafka } from '../infra/kafka.js';
import { startRedis } from '../infra/redis.js';
import { ServiceInstance } from '../infra/services/service-instance.js';
import { temporaryFolder } from '../infra/temporary-folder.js';
import { startEmbeddedPostgres } from '../src/database/embedded/embedded-postgres.js';
import { startFiveServices } from '../test/shapes/five-services.js';
import { startThreeProcesses } from '../test/shapes/three-processes.js';
import { OPERATOR } from '../test/support/client.js';
import { freshDatabase } from '../test/support/database.js';
import { DOMAINS, PLATFORM } from '../test/support/postgres.js';
import { SETTINGS } from '../test/support/shop.js';

// Paying in each of the three shapes of the shop, in turn, on one PostgreSQL with fsync: `bench/pay.ts` against each.
// npm run bench:shapes -- [--clients 32] [--orders 960] [--rounds 3]

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '32' },
    orders: { type: 'string', default: '960' },
    rounds: { type: 'string', default: '3' },
  },
});
const READY_MS_MAX = 60_000;
const ROUND_MS_MAX = 300_000;
const DATABASE_CONNECTIONS_MAX = 300;
const FIGURES = /^distinct products: (\d+) payments\/s .* p50 ([\d.]+) ms, p95 [\d.]+ ms, p99 ([\d.]+) ms/m;

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
execFileSync(file('../bin/ordersaga'), ['build'], { stdio: 'inherit' });

const dataDir = temporaryFolder();
const settings = { max_connections: String(DATABASE_CONNECTIONS_MAX) };
const [postgres, redis, kafka] = await Promise.all([startEmbeddedPostgres({ dataDir, settings }), startRedis(), startKafka()]);
const wholeShop = { postgresUrl: postgres.url, domains: DOMAINS, platform: PLATFORM };

const shapes = {
  'one process': await startOneProcess(),
  'three processes, one database, Redis': await startThreeProcesses({ REDIS_URL: redis.url }, wholeShop),
  'five services, five databases, Kafka': await startFiveServices({
    kafka: { brokers: [kafka.brokers], topicPrefix: 'bench.' },
    postgresUrl: postgres.url,
  }),
};
const measured = new Map(Object.keys(shapes).map((name) => [name, [] as number[][]]));
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [name, { address }] of Object.entries(shapes)) measured.get(name)?.push(await pay(address));
}
const yardstick = medianOf('one process', 0);
for (const name of Object.keys(shapes)) {
  const [rate, p50, p99] = [0, 1, 2].map((column) => medianOf(name, column)) as [number, number, number];
  console.log(`${name.padEnd(38)}${rate} payments/s (${(rate / yardstick).toFixed(2)} of one process), p50 ${p50} ms, p99 ${p99} ms`);
}
await Promise.all(Object.values(shapes).map((shape) => shape.stop()));
await Promise.all([kafka.stop(), redis.stop(), postgres.stop()]);
rmSync(dataDir, { recursive: true, force: true });
process.exit();

async function startOneProcess(): Promise<{ address: string; stop(): Promise<void> }> {
  const database = await freshDatabase(wholeShop);
  const environment = { ...SETTINGS, DATABASE_URL: database.url, DATA_DIR: dataDir };
  const shop = await ServiceInstance.start({ name: 'shop', program: ['main.js'], environment, logFolder: dataDir });
  await shop.ready(READY_MS_MAX);
  return { address: shop.address, stop: () => shop.stop() };
}

/** @returns payments per second, p50 and p99. @throws when a payment does not go through, or the audit finds a violation. */
async function pay(url: string): Promise<number[]> {
  const { clients, orders } = values;
  const options = { url, email: OPERATOR.email, password: OPERATOR.password, clients, orders };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const { stdout } = await promisify(execFile)(process.execPath, [file('pay.ts'), ...args], { timeout: ROUND_MS_MAX });
  const figures = FIGURES.exec(stdout);
  if (figures === null) throw new Error(`no figures in: ${stdout}`);
  return figures.slice(1).map(Number);
}

function medianOf(name: string, column: number): number {
  const sorted = (measured.get(name) ?? []).map((figures) => figures[column] ?? NaN).toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}
