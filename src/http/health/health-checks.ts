import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';

const CHECK_MS_MAX = 2_000;

/** What must work for this process to be ready. Modules add theirs in `onModuleInit`: `checks.add('database', () => …)`. */
@Injectable()
export class HealthChecks {
  private readonly checks = new Map<string, () => Promise<unknown>>();
  private readonly dispensable = new Map<string, () => string | null>();

  constructor(private readonly indicators: HealthIndicatorService) {}

  /** `check` throws, or takes more than 2 s, when the part is not ready. */
  add(name: string, check: () => Promise<unknown>): void {
    this.checks.set(name, check);
  }

  /** A part that the process can do without for a while. `problem` tells what is wrong with it, or null. */
  addDispensable(name: string, problem: () => string | null): void {
    this.dispensable.set(name, problem);
  }

  /** Up or degraded: these never make the process unready. */
  dispensableParts(): Readonly<Record<string, { status: string; message?: string }>> {
    return Object.fromEntries(
      [...this.dispensable].map(([name, problemOf]) => {
        const problem = problemOf();
        return [name, problem === null ? { status: 'up' } : { status: 'degraded', message: problem }];
      }),
    );
  }

  indicatorsOfAll() {
    return [...this.checks].map(([name, check]) => async () => {
      const indicator = this.indicators.check(name);
      try {
        await withinTime(check());
        return indicator.up();
      } catch (error) {
        return indicator.down(error instanceof Error ? error.message : 'failed');
      }
    });
  }
}

async function withinTime(work: Promise<unknown>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_MS_MAX} ms`)), CHECK_MS_MAX);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
