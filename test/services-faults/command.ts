import { rmSync } from 'node:fs';
import { buildShop } from '../../infra/build-shop.js';
import { temporaryFolder } from '../../infra/temporary-folder.js';
import { SERVICE_NAMES } from '../../infra/services/shop-of-services.js';
import { startEmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.js';
import { heading, lineOf } from './fault-lines.js';
import { FaultedServices } from './faulted-services.js';
import { brokerKilled, brokerUnreachable, databaseAway, type Fault, rebalances, servicesKilled } from './faults.js';
import { EXIT, runCommand } from '../support/command.js';
import { WrongOption } from '../support/command-options.js';
import { type ChaosOptions, parseChaosOptions, USAGE } from './options.js';

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

await runCommand({ name: 'chaos', usage: USAGE, parse: parseChaosOptions, run: chaos });

async function chaos({ clients, calmSeconds, only }: ChaosOptions): Promise<number> {
  const faults = FAULTS.filter(({ name }) => name.includes(only));
  if (faults.length === 0) throw new WrongOption(`--only ${only} is in the name of no fault`);
  buildShop();
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
  return violations === 0 ? EXIT.clean : EXIT.wrong;
}
