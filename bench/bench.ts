import { EXIT, exitWhenInterrupted, runCommand } from '../test/support/command.js';
import { type BenchOptions, parseBenchOptions, USAGE } from './options.js';
import { type PlayedScenario, ScenarioPlayer } from './play-scenario.js';
import { Progress } from './progress.js';
import { htmlOf } from './report/html/page.js';
import { reportOf } from './report/report.js';
import { loadOfTheLastMinute, surroundingsOf } from './report/surroundings.js';
import { textOf } from './report/table.js';
import { RESULTS, writeResults } from './report/write-results.js';
import { weightOf } from './scenarios/scenario.js';
import { setStage } from './stage.js';
import { warmUp } from './warm-up.js';

exitWhenInterrupted();
await runCommand({ name: 'bench', usage: USAGE, parse: (args) => parseBenchOptions(args, RESULTS), run: bench });

async function bench(options: BenchOptions): Promise<number> {
  const startedAt = new Date();
  const loadBefore = loadOfTheLastMinute();
  const progress = new Progress(process.stderr);
  const say = (text: string): void => progress.say(text);
  const stage = await setStage(options, say);
  await warmUp(stage, options, say);
  const player = new ScenarioPlayer(stage, options, say);
  const played: PlayedScenario[] = [];
  const weights = options.scenarios.map(weightOf);
  for (const [index, scenario] of options.scenarios.entries()) {
    const share = sumOf(weights.slice(0, index + 1)) / sumOf(weights);
    played.push(await player.play(scenario, options.minutesMax * 60_000 * share));
  }
  const report = reportOf({ startedAt, options, surroundings: await surroundingsOf(stage, loadBefore), played });
  await stage.stop();
  progress.end();
  process.stdout.write(`${textOf(report)}\n\n${writeResults(options.out, report.at, { json: report, html: htmlOf(report) })}\n`);
  return report.problems.length === 0 ? EXIT.clean : EXIT.wrong;
}

function sumOf(weights: readonly number[]): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}
