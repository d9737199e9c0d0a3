import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { project } from './markdown.js';

export interface ShopProcess {
  /** Such as `http://127.0.0.1:21000`. */
  readonly address: string;
  /** Ctrl-C, and waits for the end. */
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
}

/** What a shop said that did not open. */
export class DidNotOpen extends Error {
  override readonly name = 'DidNotOpen';
}

/**
 * The shop as a newcomer starts it: the launcher, in a process of its own, on any free port.
 *
 * @param folder of the project.
 * @throws DidNotOpen with all that it printed.
 */
export async function startShopProcess(environment: Readonly<Record<string, string>>, folder = project('.')): Promise<ShopProcess> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, LOG_LEVEL: 'error', PORT: '0', ...environment };
  const child = spawn(`${folder}/bin/ordersaga`, ['start'], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const gone = once(child, 'exit');
  let said = '';
  const opened = new Promise<string>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const address = /API +(http:\S+)\/api\n[^]*Ctrl-C/.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
  const address = await Promise.race([opened, once(child, 'close').then(() => null)]);
  if (address === null) throw new DidNotOpen(said);
  return {
    address,
    async stop() {
      child.kill('SIGINT');
      await gone;
    },
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
