import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { project } from './markdown.js';

export interface ShellAnswer {
  readonly exitCode: number;
  /** Standard output and standard error as a terminal shows them. */
  readonly output: string;
}

/** A terminal: one shell that remembers its variables from block to block. */
export class Shell {
  private readonly child;
  private blocks = 0;
  private said = '';
  private listening: (() => void) | undefined;

  constructor(environment: NodeJS.ProcessEnv) {
    this.child = spawn('sh', [], { cwd: project('.'), env: environment, stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.said += text;
      this.listening?.();
    });
    this.child.stdin.write('exec 2>&1\n');
  }

  async run(commands: string): Promise<ShellAnswer> {
    const mark = `end of block ${++this.blocks}, exit code`;
    this.said = '';
    const ended = new Promise<RegExpExecArray>((resolve) => {
      this.listening = () => {
        const end = new RegExp(`^([^]*?)${mark} (\\d+)\\n$`).exec(this.said);
        if (end) resolve(end);
      };
    });
    this.child.stdin.write(`${commands}\necho "${mark} $?"\n`);
    const [, output = '', exitCode] = await ended;
    return { output, exitCode: Number(exitCode) };
  }

  async close(): Promise<void> {
    const gone = once(this.child, 'exit');
    this.child.stdin.end();
    await gone;
  }
}
