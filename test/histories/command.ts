import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { startShopProcess } from '../docs/shop-process.js';
import { project } from '../docs/markdown.js';
import { type Report, checkHistory } from './check-history.js';
import { recordHistory } from './record-history.js';

const HELP = `Records what many clients at once see of a running shop, and checks that it fits into one order per object.

Usage: npm run histories -- [options]

  --seconds N      go on for at least N seconds (default 60): one history after another, each with new customers and products
  --clients N      clients at once (default 200)
  --operations N   operations per history (default 3000)
  --seed N         of the first history; the next ones count on (default: the time)
  --help           this text

It starts a shop of its own, on an embedded database in a temporary folder. Exit 1 when an object's history fits into no order, or
the shop's books are not clean at the end.
`;
const OPERATOR = { email: 'operator@example.com', password: 'operator-password' };

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    clients: { type: 'string', default: '200' },
    operations: { type: 'string', default: '3000' },
    seed: { type: 'string', default: String(Date.now()) },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else process.exitCode = (await run()) ? 0 : 1;

async function run(): Promise<boolean> {
  const [seconds, clients, operations, firstSeed] = [values.seconds, values.clients, values.operations, values.seed].map(wholeNumber) as [
    number,
    number,
    number,
    number,
  ];
  const dataDir = await mkdtemp(join(tmpdir(), 'ordersaga-histories-'));
  const environment = { DATA_DIR: dataDir, ADMIN_EMAIL: OPERATOR.email, ADMIN_PASSWORD: OPERATOR.password };
  const shop = await startShopProcess({ ...environment, RATE_LIMIT_PER_MINUTE: '0', HOLD_MINUTES: '1440' });
  try {
    const endAt = Date.now() + seconds * 1_000;
    let isRight = true;
    for (let seed = firstSeed; seed === firstSeed || Date.now() < endAt; seed++) {
      const report = checkHistory(await recordHistory({ address: shop.address, operator: OPERATOR }, { seed, clients, operations }));
      tell(seed, report);
      isRight &&= report.violations.length === 0;
    }
    return (await areBooksClean(environment)) && isRight;
  } finally {
    await shop.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`a whole number from 1 on is needed, not ${text}`);
  return number;
}

function tell(seed: number, { violations, undecided, objects, steps }: Report): void {
  const outcome = violations.length > 0 ? `${violations.length} VIOLATED` : 'right';
  process.stdout.write(`seed ${seed}: ${steps} steps on ${objects} objects: ${outcome}, ${undecided.length} undecided\n`);
  for (const sentence of violations) process.stdout.write(`  ${sentence}\n`);
}

async function areBooksClean(environment: Readonly<Record<string, string>>): Promise<boolean> {
  try {
    await promisify(execFile)(project('bin/ordersaga'), ['audit'], { env: { ...process.env, ...environment } });
    return true;
  } catch (error) {
    process.stdout.write(`the books are not clean:\n${(error as { stdout?: string }).stdout ?? String(error)}\n`);
    return false;
  }
}
