import { type History, SHAPES } from '../history.js';
import { randomHistory } from '../random-history.js';
import { formatReduction, reduced } from '../reduction.js';
import { shrink } from '../shrink.js';
import { simulate } from '../simulate.js';
import { smallScope } from '../small-scope.js';
import { type Choices, type Command, USAGE, parseCommand } from './options.js';
import { type Tally, add, search } from './search.js';
import { faultsIn, historyInWords, outcomeInWords, progressIn } from './words.js';

type Of<Kind extends Command['kind']> = Extract<Command, { kind: Kind }>;

const print = (...lines: readonly string[]): void => void process.stdout.write(lines.map((line) => `${line}\n`).join(''));

/** `npm run simulate`. @returns the exit code. */
async function run(command: Command): Promise<number> {
  switch (command.kind) {
    case 'help':
      print(USAGE);
      return 0;
    case 'replay': {
      const history = randomHistory(command.seed, command.family, command.shape);
      return replay(command.plan ? reduced(history, command.plan) : history, command);
    }
    case 'small scope':
      return runSmallScope(command);
    case 'search':
      return runSearch(command);
  }
}

async function runSearch(command: Of<'search'>): Promise<number> {
  const startedAtMs = Date.now();
  const { tally, brokenBy } = await search(command, (soFar) => print(progressIn(soFar)));
  print(...faultsIn(tally), `${progressIn(tally)} in ${((Date.now() - startedAtMs) / 1_000).toFixed(1)} s`);
  if (brokenBy === undefined) {
    print('all promises held');
    return 0;
  }
  await explain(brokenBy, command);
  return 1;
}

/** Makes the failing history smaller, and says how to see it again. */
async function explain(seed: number, { family, shape, bug }: Choices): Promise<void> {
  print('', `seed ${seed} breaks a promise; making it smaller`);
  const { history, reduction, violation, runs } = await shrink(
    randomHistory(seed, family, shape),
    async (smaller) => (await simulate(smaller, { bug })).violations[0],
  );
  const options = [
    `--seed ${seed}`,
    ...(shape === SHAPES[0] ? [] : [`--shape ${shape}`]),
    ...(family ? [`--family ${family}`] : []),
    ...(bug ? [`--bug "${bug.name}"`] : []),
  ];
  print(
    ...historyInWords(history),
    `BROKEN  ${violation}`,
    '',
    `the smallest of ${runs}; its trace:  npm run simulate -- ${options.join(' ')} --plan ${formatReduction(reduction)}`,
    `the whole history:  npm run simulate -- ${options.join(' ')}`,
  );
}

async function replay(history: History, { bug }: Choices): Promise<number> {
  print(...historyInWords(history), '');
  const outcome = await simulate(history, { bug, trace: print });
  print('', ...outcomeInWords(outcome));
  return outcome.violations.length === 0 ? 0 : 1;
}

async function runSmallScope({ only, ...choices }: Of<'small scope'>): Promise<number> {
  const tally: Tally = { histories: 0, awaits: 0, faults: new Map() };
  const numbers = new Map<string, number>();
  for await (const { number, what, history } of smallScope()) {
    if (only !== undefined && number !== only) continue;
    if (only !== undefined) return replay(history, choices);
    const outcome = await simulate(history, choices);
    if (outcome.violations.length > 0) {
      print(
        ...historyInWords(history),
        `BROKEN  ${outcome.violations[0]}`,
        `its trace:  npm run simulate -- --small-scope --number ${number}`,
      );
      return 1;
    }
    add(tally, { histories: 1, awaits: outcome.awaits, faults: [...outcome.faults] });
    numbers.set(what, (numbers.get(what) ?? 0) + 1);
  }
  if (only !== undefined) throw new RangeError(`--number: the small scope has no history ${only}`);
  print(...faultsIn(tally), ...[...numbers].map(([what, count]) => `${what}: ${count} histories`), progressIn(tally), 'all promises held');
  return 0;
}

try {
  process.exitCode = await run(parseCommand(process.argv.slice(2)));
} catch (fault) {
  if (!(fault instanceof RangeError)) throw fault;
  process.stderr.write(`${fault.message}\n\n${USAGE}\n`);
  process.exitCode = 2;
}
