import { Logger } from '@nestjs/common';
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  ExponentialBackoff,
  circuitBreaker,
  handleType,
} from 'cockatiel';
import { Unavailable } from '../../kernel/faults.js';

const FAILURES_TO_OPEN = 5;
const OPEN_MS_MIN = 1_000;
const OPEN_MS_MAX = 60_000;

export interface CircuitOptions {
  readonly failuresToOpen?: number;
  /** How long the circuit stays open the first time, and at most. */
  readonly openMsMin?: number;
  readonly openMsMax?: number;
}

/** T5: after some outages in a row the circuit opens, and the data platform is not asked for a while, twice as long each time. */
export class DataPlatformCircuit {
  private readonly logger = new Logger('DataPlatform');
  private readonly policy: CircuitBreakerPolicy;

  constructor({ failuresToOpen = FAILURES_TO_OPEN, openMsMin = OPEN_MS_MIN, openMsMax = OPEN_MS_MAX }: CircuitOptions) {
    this.policy = circuitBreaker(handleType(Unavailable), {
      breaker: new ConsecutiveBreaker(failuresToOpen),
      halfOpenAfter: new ExponentialBackoff({ initialDelay: openMsMin, maxDelay: openMsMax }),
    });
    this.policy.onBreak(() => this.logger.warn('the data platform is away: the circuit is open, paid orders wait'));
    this.policy.onReset(() => this.logger.log('the data platform is back: the circuit is closed'));
  }

  /** @throws Unavailable while it is open; whatever `ask` throws. */
  async run<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await this.policy.execute(ask, signal);
    } catch (error) {
      if (error instanceof BrokenCircuitError) throw new Unavailable('the circuit to the data platform is open', { cause: error });
      throw error;
    }
  }
}
