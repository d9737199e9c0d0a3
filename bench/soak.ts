import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nothingUndelivered } from '../test/shapes/shaped-shop.js';
import { EXIT, exitWhenInterrupted, runCommand } from '../test/support/command.js';
import { auditDatabaseAtRest, type AuditResult } from './audit.js';
import { demandRoom } from './disk-room.js';
import { Progress } from './progress.js';
import { loadOfTheLastMinute, surroundingsOf } from './report/surroundings.js';
import { RESULTS, writeResults } from './report/write-results.js';
import { parseSoakOptions, type SoakOptions, USAGE } from './soak/options.js';
import { soakPage } from './soak/page.js';
import { minuteText, soakReportOf, soakText } from './soak/report.js';
import { type Sample, type Soaked, soakShop } from './soak/soak-shop.js';
import { INTERVAL_SECONDS, Traffic } from './soak/traffic.js';
import { setStage, type Stage } from './stage.js';
import { warmUp } from './warm-up.js';

const TOWN = { customers: 1_000, products: 1_000 };
/** With its lines, holds, payment, entries, events, steps and receipt, their indexes, and its line for the data platform. */
const BYTES_PER_ORDER = 8_000;
const LOG_BYTES = 2e9;
const SAMPLES_PER_MINUTE = 60 / INTERVAL_SECONDS;
const LOG_LINES = 10;

exitWhenInterrupted();
await runCommand({ name: 'bench:soak', usage: USAGE, parse: (args) => parseSoakOptions(args, RESULTS), run: soak });

async function soak(options: SoakOptions): Promise<number> {
  const { minutes, rate, out } = options;
  const startedAt = new Date();
  const loadBefore = loadOfTheLastMinute();
  const progress = new Progress(process.stderr);
  const say = (text: string): void => progress.say(text);
  say(demandRoom(minutes * 60 * rate * BYTES_PER_ORDER + LOG_BYTES, 'fewer --minutes, or a lower --rate'));
  const stage = await setStage(TOWN, say);
  await warmUp(stage, { quick: false }, say);
  const traffic = await Traffic.begin(stage.town, rate);
  // As autovacuum does in a shop that grows by the day, not by the second.
  await stage.town.database.query('ANALYZE');
  await stage.admin.query('CHECKPOINT');
  say(`${minutes} minutes of load`);
  let count = 0;
  const onSample = (sample: Sample): void => {
    if (++count % SAMPLES_PER_MINUTE !== 0) return;
    progress.end();
    process.stdout.write(`${minuteText(sample)}\n`);
  };
  const soaked = await soakShop({ stage, traffic, minutes, onSample });
  say('audit');
  const { audit: result, problems } = await auditAfter(stage, soaked);
  const surroundings = await surroundingsOf(stage, loadBefore);
  const report = soakReportOf({ startedAt, options, surroundings, soaked: { ...soaked, problems }, audit: result });
  await stage.stop();
  progress.end();
  process.stdout.write(
    `\n${soakText(report)}\n\n${writeResults(out, report.at, { kind: 'soak', json: report, html: soakPage(report) })}\n`,
  );
  return report.problems.length === 0 ? EXIT.clean : EXIT.wrong;
}

/** When every side effect has been made.  An hour's figures are not lost when there can be none. */
async function auditAfter(
  { shop, databaseUrl, dataDir }: Stage,
  { problems }: Soaked,
): Promise<{ audit: AuditResult | null; problems: readonly string[] }> {
  try {
    await nothingUndelivered([shop.address]);
    return { audit: await auditDatabaseAtRest(databaseUrl, join(dataDir, 'data-platform')), problems };
  } catch (error) {
    const log = readFileSync(shop.logFile, 'utf8').trimEnd().split('\n').slice(-LOG_LINES).join('\n');
    return { audit: null, problems: [...problems, `no audit: ${(error as Error).message}; the end of the shop's log:\n${log}`] };
  }
}
