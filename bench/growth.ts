import { rmSync } from 'node:fs';
import { buildShop } from '../infra/build-shop.js';
import { temporaryFolder } from '../infra/temporary-folder.js';
import { withDatabase } from '../src/database/database-url.js';
import { startEmbeddedPostgres } from '../src/database/embedded/embedded-postgres.js';
import { EXIT, exitWhenInterrupted, runCommand } from '../test/support/command.js';
import { auditDatabase } from './audit.js';
import { demandRoom, gigabytes } from './disk-room.js';
import { generateDatabases } from './growth/databases.js';
import type { ShopSize } from './growth/generate-shop.js';
import { askForEverything } from './growth/lookups.js';
import { type Load, MEASURED, runLoad } from './growth/measured-load.js';
import { MeasuredShop } from './growth/measured-shop.js';
import { type GrowthOptions, parseGrowthOptions, USAGE } from './growth/options.js';
import { compared, comparisonText, type GrowthReport, inWords, type Round, type ShopName, SHOPS } from './growth/report.js';
import { loadOfTheLastMinute, surroundingsOf } from './report/surroundings.js';
import { RESULTS, writeResults } from './report/write-results.js';
import { withAdmin } from './with-admin.js';

/** With its lines, holds, payment, entries, steps and receipt, their indexes, and room for sorting while it is generated. */
const BYTES_PER_ORDER = 4_500;
const EMPTY: ShopSize = { orders: 0, users: 10_000, options: 1_000 };

type Shops = Readonly<Record<ShopName, MeasuredShop>>;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

exitWhenInterrupted();
await runCommand({ name: 'bench:growth', usage: USAGE, parse: (args) => parseGrowthOptions(args, RESULTS), run: grow });

async function grow({ size, rounds: count, load, out }: GrowthOptions): Promise<number> {
  const at = new Date().toISOString();
  const loadBefore = loadOfTheLastMinute();
  say(demandRoom(size.orders * BYTES_PER_ORDER, 'fewer --orders'));
  buildShop();
  const dataDir = temporaryFolder();
  const from = performance.now();
  const databaseBytes = await generateDatabases(dataDir, { empty: EMPTY, grown: size }, say);
  const generatedSeconds = (performance.now() - from) / 1_000;
  say(`generated in ${generatedSeconds.toFixed(0)} s: ${gigabytes(databaseBytes.grown)}`);
  const postgres = await startEmbeddedPostgres({ dataDir });
  const shops: Shops = {
    grown: await MeasuredShop.open('grown', withDatabase(postgres.url, 'grown'), size, dataDir),
    empty: await MeasuredShop.open('empty', withDatabase(postgres.url, 'empty'), EMPTY, dataDir),
  };
  await runRound('warm-up', shops, load);
  const rounds: Round[] = [];
  for (let round = 1; round <= count; round++) rounds.push(await runRound(`round ${round}`, shops, load));
  const comparisons = compared(rounds);
  for (const comparison of comparisons) say(comparisonText(comparison, size.orders));
  const lookups = { grown: await askAll(shops.grown), empty: await askAll(shops.empty) };
  const surroundings = await withAdmin(postgres.url, (admin) => surroundingsOf({ admin, pgbenchVersion: null }, loadBefore));
  await Promise.all(SHOPS.map((name) => shops[name].stop()));
  const audits = { grown: await auditShop(shops.grown), empty: await auditShop(shops.empty) };
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
  const report: GrowthReport = { at, surroundings, size, load, generatedSeconds, databaseBytes, rounds, comparisons, lookups, audits };
  say(writeResults(out, at, { kind: 'growth', json: report }));
  return audits.grown.violations + audits.empty.violations === 0 ? EXIT.clean : EXIT.wrong;
}

async function runRound(name: string, shops: Shops, load: Load): Promise<Round> {
  const run = async (shop: MeasuredShop): Promise<Round[ShopName]> => {
    const figures = await runLoad(shop, load);
    say(`${name}, ${shop.name}: ${MEASURED.map((what) => `${what} ${inWords(figures[what])}`).join('; ')}`);
    return figures;
  };
  // In turn: each shop has the machine for itself.
  return { grown: await run(shops.grown), empty: await run(shops.empty) };
}

async function askAll(shop: MeasuredShop): Promise<GrowthReport['lookups'][ShopName]> {
  say(`lists and lookups, one client, ${shop.name}:`);
  const figures = await askForEverything(shop);
  for (const [lookup, { p50Ms, p99Ms }] of figures) {
    say(`  ${lookup.padEnd(48)}p50 ${p50Ms.toFixed(1).padStart(7)} ms   p99 ${p99Ms.toFixed(1).padStart(7)} ms`);
  }
  return Object.fromEntries(figures);
}

async function auditShop({ name, databaseUrl: url }: MeasuredShop): Promise<GrowthReport['audits'][ShopName]> {
  const { ms, ...found } = await auditDatabase(url);
  const seconds = ms / 1_000;
  say(
    `audit, ${name}: ${found.violations} violations, ${found.pending} pending, ${found.paidOrders} paid orders, in ${seconds.toFixed(0)} s`,
  );
  return { ...found, seconds };
}
