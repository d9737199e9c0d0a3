import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Measured, Plan } from './plan.js';

const IMPORTS = new URL('../../test/support/typescript-decorators.mjs', import.meta.url).href;
const RUN_MS_MAX = 300_000;

/** The process that sends the requests, as seen from the one that measures. */
export class LoadGenerator {
  private constructor(private readonly child: ChildProcess) {}

  static async start(): Promise<LoadGenerator> {
    const child = fork(fileURLToPath(new URL('generator.ts', import.meta.url)), { execArgv: ['--import', IMPORTS] });
    await once(child, 'spawn');
    return new LoadGenerator(child);
  }

  /** One at a time. @throws when the generator ends, or takes too long. */
  async run(plan: Plan): Promise<Measured> {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(RUN_MS_MAX)]);
    const answered = once(this.child, 'message', { signal }) as Promise<[Measured]>;
    const ended = once(this.child, 'exit', { signal }).then(() => {
      throw new Error('the load generator has ended');
    });
    this.child.send(plan);
    try {
      const [measured] = await Promise.race([answered, ended]);
      return measured;
    } finally {
      over.abort();
      ended.catch(() => {});
    }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }
}
