import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { buildShop } from '../infra/build-shop.js';
import { startKafka } from '../infra/kafka.js';
import { startRedis } from '../infra/redis.js';
import { ServiceInstance } from '../infra/services/service-instance.js';
import { temporaryFolder } from '../infra/temporary-folder.js';
import { startEmbeddedPostgres } from '../src/database/embedded/embedded-postgres.js';
import { startFiveServices } from '../test/shapes/five-services.js';
import { startThreeProcesses } from '../test/shapes/three-processes.js';
import { freshDatabase } from '../test/support/database.js';
import { DOMAINS, PLATFORM } from '../test/support/postgres.js';
import { SETTINGS } from '../test/support/shop.js';
import { auditThroughApi } from './audit.js';
import { LoadGenerator } from './load/load-generator.js';
import type { Latencies } from './load/plan.js';
import { payThroughApi } from './pay-through-api.js';
import { median } from './report/median.js';

// Paying in each of the three shapes of the shop, in turn, on one PostgreSQL with fsync; each turn is audited.
// npm run bench:shapes -- [--clients 32] [--orders 960] [--rounds 3]

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '32' },
    orders: { type: 'string', default: '960' },
    rounds: { type: 'string', default: '3' },
  },
});
const [clients, orders, rounds] = [Number(values.clients), Number(values.orders), Number(values.rounds)];
const READY_MS_MAX = 60_000;
const DATABASE_CONNECTIONS_MAX = 300;

buildShop();

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
const generator = await LoadGenerator.start();
const measured = new Map(Object.keys(shapes).map((shape) => [shape, [] as Figures[]]));
for (let round = 1; round <= rounds; round++) {
  for (const [shape, { address }] of Object.entries(shapes)) measured.get(shape)?.push(await pay(shape, address, round));
}
const yardstick = medianOf('one process', 'perSecond');
for (const shape of measured.keys()) {
  const [rate, p50, p99] = [medianOf(shape, 'perSecond'), medianOf(shape, 'p50'), medianOf(shape, 'p99')];
  const compared = `${rate.toFixed(0)} payments/s (${(rate / yardstick).toFixed(2)} of one process)`;
  console.log(`${shape.padEnd(38)}${compared}, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
}
await generator.stop();
await Promise.all(Object.values(shapes).map((shape) => shape.stop()));
await Promise.all([kafka.stop(), redis.stop(), postgres.stop()]);
rmSync(dataDir, { recursive: true, force: true });
process.exit();

async function startOneProcess(): Promise<{ address: string; stop(): Promise<void> }> {
  const database = await freshDatabase(wholeShop);
  const environment = { ...SETTINGS, DATABASE_URL: database.url, DATA_DIR: dataDir };
  const shop = await ServiceInstance.start({ name: 'shop', command: ['start'], environment, logFolder: dataDir });
  await shop.ready(READY_MS_MAX);
  return { address: shop.address, stop: () => shop.stop() };
}

/** @throws when a payment does not go through, or the audit finds a violation. */
async function pay(shape: string, address: string, round: number): Promise<Figures> {
  const name = `${shape.replaceAll(/\W+/g, '-')}-${round}`;
  const { perSecond, latencyMs } = await payThroughApi(generator, { address, clients, orders, name });
  const { violations } = await auditThroughApi(address);
  if (violations > 0) throw new Error(`the audit of ${shape} found ${violations} violations`);
  return { perSecond, ...latencyMs };
}

function medianOf(shape: string, figure: keyof Figures): number {
  return median((measured.get(shape) ?? []).map((figures) => figures[figure]));
}

interface Figures extends Latencies {
  readonly perSecond: number;
}
