import { WrongOption } from './command-options.js';

/** Exit codes. What was measured or tested was not right: `wrong`. It could not be run at all: `notRun`. */
export const EXIT = { clean: 0, wrong: 1, notRun: 2, interrupted: 130 } as const;

export interface Command<Options> {
  /** Of its script: `npm run` name. */
  readonly name: string;
  readonly usage: string;
  /** @returns null when help is asked for. @throws WrongOption */
  readonly parse: (args: readonly string[]) => Options | null;
  /** @returns the exit code. */
  readonly run: (options: Options) => Promise<number>;
}

/** What a program of ours does with its arguments; the process ends with it. */
export async function runCommand<Options>({ name, usage, parse, run }: Command<Options>): Promise<never> {
  try {
    const options = parse(process.argv.slice(2));
    if (options === null) process.stdout.write(usage);
    process.exitCode = options === null ? EXIT.clean : await run(options);
  } catch (error) {
    const reason = error instanceof WrongOption ? `${error.message}. See: npm run ${name} -- --help` : (error as Error).stack;
    process.stderr.write(`${name}: ${reason}\n`);
    process.exitCode = EXIT.notRun;
  }
  // A fetch whose shop is dead may hold the process a little.
  process.exit();
}

/** For a command whose children end with it, however it ends: see infra/supervised.ts, and bench/load/generator.ts. */
export function exitWhenInterrupted(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(EXIT.interrupted));
}
