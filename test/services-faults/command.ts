import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../infra/temporary-folder.js';
import { SERVICE_NAMES } from '../../infra/services/shop-of-services.js';
import { startEmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.js';
import { heading, lineOf } from './fault-lines.js';
import { FaultedServices } from './faulted-services.js';
import { brokerKilled, brokerUnreachable, databaseAway, type Fault, rebalances, servicesKilled } from './faults.js';
import { WrongOption } from '../support/command-options.js';
import { type ChaosOptions, parseChaosOptions, USAGE } from './options.js';

const EXIT = { clean: 0, violated: 1, notRun: 2 } as const;
const DATABASE_CONNECTIONS_MAX = 300;

const FAULTS: readonly Fault[] = [
  brokerKilled(5_000),
  brokerUnreachable(60_000),
  rebalances(5_000, 60_000),
  databaseAway('product', 30_000),
  databaseAway('coupon', 30_000),
  databaseAway('user', 30_000),
  ...SERVICE_NAMES.map((service) => servicesKilled([service], 1_000)),
];

try {
  const options = parseChaosOptions(process.argv.slice(2));
  process.exitCode = options === null ? usage() : await chaos(options);
} catch (error) {
  process.stderr.write(
    `chaos: ${error instanceof WrongOption ? `${error.message}. See: npm run chaos -- --help` : (error as Error).stack}\n`,
  );
  process.exitCode = EXIT.notRun;
}
// A fetch whose service is dead may hold the process a little.
process.exit();

function usage(): number {
  process.stdout.write(USAGE);
  return EXIT.clean;
}

async function chaos({ clients, calmSeconds, only }: ChaosOptions): Promise<number> {
  const faults = FAULTS.filter(({ name }) => name.includes(only));
  if (faults.length === 0) throw new WrongOption(`--only ${only} is in the name of no fault`);
  execFileSync(fileURLToPath(new URL('../../bin/ordersaga', import.meta.url)), ['build'], { stdio: 'inherit' });
  const dataDir = temporaryFolder();
  const postgres = await startEmbeddedPostgres({ dataDir, settings: { max_connections: String(DATABASE_CONNECTIONS_MAX) } });
  const services = await FaultedServices.start({ postgresUrl: postgres.url, instances: 2, clients, calmMs: calmSeconds * 1_000 });
  process.stdout.write(`${heading()}\n`);
  let violations = 0;
  for (const fault of faults) {
    const report = await services.suffer(fault);
    violations += report.violations.length;
    process.stdout.write(`${lineOf(report)}\n`);
  }
  await services.stop();
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
  return violations === 0 ? EXIT.clean : EXIT.violated;
}
