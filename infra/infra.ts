import { startKafka } from './kafka.js';
import { startRedis } from './redis.js';

interface Server {
  /** The line for the environment of the shop. */
  readonly setting: string;
  stop(): Promise<void>;
}

const SERVERS: Readonly<Record<string, () => Promise<Server>>> = {
  async redis() {
    const redis = await startRedis();
    return { setting: `REDIS_URL=${redis.url}`, stop: () => redis.stop() };
  },
  async kafka() {
    const kafka = await startKafka();
    return { setting: `KAFKA_BROKERS=${kafka.brokers}`, stop: () => kafka.stop() };
  },
};

const HELP = `Starts the servers that Ordersaga can use, on 127.0.0.1 and free ports, empty, until Ctrl-C.

Usage: npm run infra [-- NAME...]

Names: ${Object.keys(SERVERS).join(', ')}; all without a name. What this machine lacks is brought into ~/.cache/ordersaga:
Redis as a Debian package, unpacked and not installed; Kafka as jars of Maven, to be run by Java 17 or newer. With Docker, "docker compose up" gives the same servers.
`;

const names = process.argv.slice(2);
const unknown = names.find((name) => !(name in SERVERS));
if (names.some((name) => name === '--help' || name === '-h')) {
  process.stdout.write(HELP);
} else if (unknown === undefined) {
  await serve(names.length > 0 ? names : Object.keys(SERVERS));
} else {
  process.stderr.write(`infra: no server is called ${unknown}\n\n${HELP}`);
  process.exitCode = 2;
}

async function serve(wanted: readonly string[]): Promise<void> {
  // Before anything is printed: who reads the settings may end us at once.
  const told = new Promise<void>((resolve) => void process.once('SIGINT', () => resolve()).once('SIGTERM', () => resolve()));
  const starting = await Promise.allSettled(wanted.map(async (name) => SERVERS[name]?.()));
  const running = starting.flatMap((each) => (each.status === 'fulfilled' && each.value ? [each.value] : []));
  for (const { setting } of running) process.stdout.write(`${setting}\n`);
  for (const each of starting) {
    if (each.status === 'fulfilled') continue;
    process.stderr.write(`infra: ${(each.reason as Error).message}\n`);
    process.exitCode = 1;
  }
  if (running.length === 0) return;
  process.stderr.write('Start the shop with these settings. Ctrl-C ends the servers.\n');
  await told;
  await Promise.all(running.map((server) => server.stop()));
}
