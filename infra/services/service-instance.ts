import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../src/database/embedded/free-port.js';
import { type SupervisedProcess, supervise } from '../supervised.js';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const LOOK_AGAIN_MS = 50;
const ANSWER_MS_MAX = 3_000;

export interface ServiceInstanceOptions {
  /** For logs: `order-1`. */
  readonly name: string;
  /** Of `bin/ordersaga`, with its arguments: it runs as its users run it, with the same limits of memory. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Where its log goes, as `<name>.log`. */
  readonly logFolder: string;
  /** Left out: any free one, the same at every start. */
  readonly port?: number | undefined;
}

/** One process of the shop. It cannot outlive us, keeps its address over restarts, and may be killed at any time. */
export class ServiceInstance {
  readonly name: string;
  readonly address: string;
  private readonly options: ServiceInstanceOptions;
  private process: SupervisedProcess | null = null;

  private constructor(address: string, options: ServiceInstanceOptions) {
    this.name = options.name;
    this.address = address;
    this.options = options;
  }

  static async start(options: ServiceInstanceOptions): Promise<ServiceInstance> {
    const port = options.port ?? (await freePort(null));
    const instance = new ServiceInstance(`http://127.0.0.1:${port}`, options);
    await instance.start();
    return instance;
  }

  get logFile(): string {
    return join(this.options.logFolder, `${this.name}.log`);
  }

  /** Settles when the process that runs now has ended, for whatever reason. */
  get ended(): Promise<void> {
    return this.process?.exited ?? Promise.resolve();
  }

  /** Starts it again after its end. */
  async start(): Promise<void> {
    const { hostname, port } = new URL(this.address);
    this.process = await supervise(['/bin/sh', join(PROJECT, 'bin', 'ordersaga'), ...this.options.command], {
      cwd: PROJECT,
      env: { ...this.options.environment, HOST: hostname, PORT: port },
      logFile: this.logFile,
    });
  }

  /** Drains, and waits for its end. */
  stop(): Promise<void> {
    return this.end('TERM');
  }

  /** Kill -9. */
  kill(): Promise<void> {
    return this.end('KILL');
  }

  /** `null`: ready. Otherwise what is missing, or that nobody answers. */
  async missing(): Promise<string | null> {
    try {
      const response = await fetch(`${this.address}/health/ready`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
      return response.ok ? null : await response.text();
    } catch {
      return 'does not answer';
    }
  }

  /** @throws when it ends meanwhile, or takes longer. */
  async ready(waitMsMax: number): Promise<void> {
    let over = false;
    void this.ended.then(() => (over = true));
    for (const giveUpAt = Date.now() + waitMsMax; ; await sleep(LOOK_AGAIN_MS)) {
      const missing = await this.missing();
      if (missing === null) return;
      if (over) throw new Error(`${this.name} ended at its start: see ${this.logFile}`);
      if (Date.now() > giveUpAt) throw new Error(`${this.name} is not ready: ${missing}; see ${this.logFile}`);
    }
  }

  private async end(signal: 'TERM' | 'KILL'): Promise<void> {
    this.process?.signal(signal);
    await this.ended;
  }
}
