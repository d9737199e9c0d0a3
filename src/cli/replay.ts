import { writeFile } from 'node:fs/promises';
import { ConfigError } from '../config/config.js';
import { parseOptions, USAGE } from './replay/options.js';
import { progressOn } from './replay/progress.js';
import { ReplayError } from './replay/replay-error.js';
import { tableOf } from './replay/report-table.js';
import { runAudit } from './replay/run-audit.js';
import { runReplay } from './replay/run-replay.js';

const EQUAL = 0;
const DIFFERENT = 1;
const NOT_RUN = 2;

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const options = parseOptions(process.argv.slice(2), process.env);
    if (options === 'help') {
      console.log(USAGE);
      return EQUAL;
    }
    const say = (line: string): void => console.error(line);
    const report = await runReplay(options, {
      progress: progressOn(process.stderr),
      audit: (paidOrders) => runAudit(process.env, paidOrders),
      say,
    });
    console.log(`\n${tableOf(report)}`);
    if (options.json !== null) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
    return report.differences.length === 0 ? EQUAL : DIFFERENT;
  } catch (error) {
    if (!(error instanceof ReplayError || error instanceof ConfigError)) throw error;
    console.error(error.message);
    return NOT_RUN;
  }
}
