import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Measured, NumberedMeasured, NumberedPlan, Plan } from './plan.js';

const IMPORTS = new URL('../../test/support/typescript-decorators.mjs', import.meta.url).href;
const RUN_MS_MAX = 300_000;

/** The process that sends the requests, as seen from the one that measures. */
export class LoadGenerator {
  private readonly underWay = new Map<number, PromiseWithResolvers<Measured>>();
  private runs = 0;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', ({ run, measured }: NumberedMeasured) => this.underWay.get(run)?.resolve(measured));
    child.once('exit', () => {
      for (const { reject } of this.underWay.values()) reject(new Error('the load generator has ended'));
    });
  }

  static async start(): Promise<LoadGenerator> {
    const child = fork(fileURLToPath(new URL('generator.ts', import.meta.url)), { execArgv: ['--import', IMPORTS] });
    await once(child, 'spawn');
    return new LoadGenerator(child);
  }

  /** Several may run at once; the CPU time of each is then that of all. @throws when the generator ends, or takes too long. */
  async run(plan: Plan): Promise<Measured> {
    const run = ++this.runs;
    const answer = Promise.withResolvers<Measured>();
    this.underWay.set(run, answer);
    const tooLong = setTimeout(() => answer.reject(new Error(`the load generator took more than ${RUN_MS_MAX} ms`)), RUN_MS_MAX);
    this.child.send({ run, plan } satisfies NumberedPlan, (error) => {
      if (error) answer.reject(error);
    });
    try {
      return await answer.promise;
    } finally {
      clearTimeout(tooLong);
      this.underWay.delete(run);
    }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }
}
