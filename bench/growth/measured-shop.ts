import { ServiceInstance } from '../../infra/services/service-instance.js';
import { TokenService } from '../../src/http/auth/token-service.js';
import type { UserId } from '../../src/kernel/ids.js';
import { SETTINGS } from '../../test/support/shop.js';
import { untilAtRest } from '../gauges/at-rest.js';
import type { Measured, PlannedRequest } from '../load/plan.js';
import { runPlan } from '../load/run-plan.js';
import type { ShopSize } from './generate-shop.js';

const READY_MS_MAX = 60_000;

/** Requests of a closed loop, each with the same answer, and whose they are. */
export interface Requests {
  readonly requests: readonly PlannedRequest[];
  readonly tokens: readonly string[];
  readonly clients: number;
  readonly expected: string;
  readonly keepBodies?: boolean;
}

/** A shop in a process of its own on a generated database, and the way to its API. Its customers have no passwords: we sign their tokens. */
export class MeasuredShop {
  private readonly tokens = new TokenService(SETTINGS.JWT_SECRET);

  private constructor(
    readonly name: string,
    readonly databaseUrl: string,
    readonly size: ShopSize,
    private readonly process: ServiceInstance,
  ) {}

  static async open(name: string, databaseUrl: string, size: ShopSize, logFolder: string): Promise<MeasuredShop> {
    const environment = { ...SETTINGS, DATABASE_URL: databaseUrl, DATA_DIR: `${logFolder}/${name}` };
    const process = await ServiceInstance.start({ name, command: ['start'], environment, logFolder });
    await process.ready(READY_MS_MAX);
    return new MeasuredShop(name, databaseUrl, size, process);
  }

  stop(): Promise<void> {
    return this.process.stop();
  }

  async customer(): Promise<{ readonly userId: number; readonly token: string }> {
    const userId = 2 + between(this.size.users);
    return { userId, token: await this.tokenOf(userId, 'customer') };
  }

  option(): number {
    return 1 + between(this.size.options);
  }

  async tokenOf(userId: number, role: 'customer' | 'operator'): Promise<string> {
    return (await this.tokens.issue({ userId: userId as UserId, role })).accessToken;
  }

  /** Begins when the shop has done with what came before. @throws when a request gets another answer. */
  async measure({ clients, expected, ...requests }: Requests): Promise<Measured> {
    await untilAtRest(this.process.address);
    const arrivals = { kind: 'closed', clients, secondsMax: Infinity } as const;
    const measured = await runPlan({ ...requests, address: this.process.address, arrivals, expected: [expected], attemptsMax: 1 });
    const { failed, outcomes } = measured;
    if (failed > 0) throw new Error(`${requests.requests[0]?.path} and the like, ${this.name} shop: ${JSON.stringify(outcomes)}`);
    return measured;
  }
}

/** A whole number from 0 to below `limit`. */
export const between = (limit: number): number => Math.floor(Math.random() * limit);
