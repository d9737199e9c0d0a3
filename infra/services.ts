import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { generatedSecret } from '../src/config/secrets.js';
import { startEmbeddedPostgres } from '../src/database/embedded/embedded-postgres.js';
import { buildShop } from './build-shop.js';
import { startKafka } from './kafka.js';
import type { ServiceInstance } from './services/service-instance.js';
import { SERVICE_NAMES, type ServiceName, ShopOfServices } from './services/shop-of-services.js';

const USAGE = `Runs the shop as one service per domain on this machine: Kafka between them, a database for each, one address before all.

Usage: npm run services -- [options]

  --instances N   processes of each service (1 to 4; 1)
  --help          this text

PORT (3000) is where the gateway listens, DATA_DIR (./data/services) keeps databases, secrets and logs. KAFKA_BROKERS: a
Kafka of your own instead of one that is started here. REDIS_URL and the shop's other settings are passed on to every service.`;

const INSTANCES_MAX = 4;
const POOL_CONNECTIONS_MAX = 8;
const DATABASE_CONNECTIONS_MAX = 300;
const RESTART_DELAY_MS = 1_000;
const DEMO_OPERATOR_EMAIL = 'operator@ordersaga.example';
const DEMO_PASSWORD_CHARACTERS = 16;
/** What belongs to one process, and not to all of them. */
const NOT_PASSED_ON = new Set(['PORT', 'HOST', 'DATA_DIR', 'DATABASE_URL', 'DOMAINS', 'KAFKA_BROKERS', 'NODE_OPTIONS']);

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(instances: number): Promise<void> {
  const dataDir = resolve(process.env.DATA_DIR ?? './data/services');
  buildShop();
  say('Starting PostgreSQL and Kafka …');
  const [postgres, kafka] = await Promise.all([
    startEmbeddedPostgres({ dataDir, log: say, settings: { max_connections: String(DATABASE_CONNECTIONS_MAX) } }),
    process.env.KAFKA_BROKERS ? null : startKafka(),
  ]);
  await makeDatabases(postgres.url);
  say(`Starting ${SERVICE_NAMES.length} services …`);
  const operator = operatorOf(dataDir);
  const shop = await ShopOfServices.start({
    folder: dataDir,
    brokers: process.env.KAFKA_BROKERS ?? kafka?.brokers ?? '',
    databaseUrlOf: (service) => databaseUrlOf(postgres.url, service),
    instances,
    port: Number(process.env.PORT ?? 3_000),
    environment: {
      ...passedOn(),
      DATABASE_POOL_MAX: String(POOL_CONNECTIONS_MAX),
      JWT_SECRET: process.env.JWT_SECRET ?? generatedSecret(dataDir, 'jwt-secret'),
      ADMIN_EMAIL: operator.email,
      ADMIN_PASSWORD: operator.password,
    },
  });
  announce(shop, operator, dataDir);

  let stopping = false;
  for (const instance of shop.all()) void keepRunning(instance, () => stopping);
  await new Promise((leave) => process.once('SIGINT', leave).once('SIGTERM', leave));
  stopping = true;
  say('Stopping: running payments finish first …');
  await shop.stop();
  await Promise.all([kafka?.stop(), postgres.stop()]);
  process.exit(0);
}

function instancesOf(text: string): number {
  if (!/^[1-9]$/.test(text) || Number(text) > INSTANCES_MAX) throw new RangeError(`--instances must be 1 to ${INSTANCES_MAX}, not ${text}`);
  return Number(text);
}

/** A database for each service, so that none can look into another's. */
async function makeDatabases(url: string): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    const { rows } = await admin.query<{ datname: string }>('SELECT datname FROM pg_database');
    const there = new Set(rows.map(({ datname }) => datname));
    // CREATE DATABASE takes one name at a time: one by one.
    for (const name of SERVICE_NAMES.map(databaseOf)) if (!there.has(name)) await admin.query(`CREATE DATABASE ${name}`);
  } finally {
    await admin.end();
  }
}

const databaseOf = (service: ServiceName): string => `ordersaga_${service}`;

function databaseUrlOf(url: string, service: ServiceName): string {
  const own = new URL(url);
  own.pathname = databaseOf(service);
  return own.href;
}

const passedOn = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined || NOT_PASSED_ON.has(name) ? [] : [[name, value]])),
  );

function operatorOf(dataDir: string): { email: string; password: string } {
  const { ADMIN_EMAIL: email, ADMIN_PASSWORD: password } = process.env;
  if (email && password) return { email, password };
  return { email: DEMO_OPERATOR_EMAIL, password: generatedSecret(dataDir, 'demo-operator-password').slice(0, DEMO_PASSWORD_CHARACTERS) };
}

/** A service that ends by itself comes back, as any orchestrator would have it. */
async function keepRunning(instance: ServiceInstance, stopping: () => boolean): Promise<void> {
  while (!stopping()) {
    await instance.ended;
    if (stopping()) return;
    say(`${instance.name} ended: starting it again. Its log: ${instance.logFile}`);
    await sleep(RESTART_DELAY_MS);
    await instance.start();
  }
}

function announce(shop: ShopOfServices, operator: { email: string; password: string }, dataDir: string): void {
  const services = SERVICE_NAMES.map(
    (name) =>
      `    ${name.padEnd(10)}${shop
        .of(name)
        .map(({ address }) => address)
        .join('  ')}`,
  );
  say(`
Ordersaga is open as ${SERVICE_NAMES.length} services (ready in ${(performance.now() / 1_000).toFixed(1)} s)

  API       ${shop.address}/api
  Docs      ${shop.address}/docs
  Health    ${shop.address}/health/ready
  Services
${services.join('\n')}
  Logs      ${dataDir}/*.log

  Demo operator, for this data folder only:
    e-mail    ${operator.email}
    password  ${operator.password}

Ctrl-C ends it: running payments finish first.`);
}

try {
  const { values } = parseArgs({ options: { instances: { type: 'string', default: '1' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help) console.log(USAGE);
  else await main(instancesOf(values.instances));
} catch (error) {
  say(
    error instanceof TypeError || error instanceof RangeError ? `${error.message}. See --help.` : ((error as Error).stack ?? String(error)),
  );
  process.exit(2);
}
