import { nothingUndelivered } from '../test/shapes/shaped-shop.js';
import { cpuMsOfServer } from './gauges/postgres-cpu.js';
import { lookAtShop } from './gauges/shop-gauges.js';
import { type DatabaseWork, WorkCount } from './gauges/write-ahead-log.js';
import type { Measured, Plan } from './load/plan.js';
import type { Stage } from './stage.js';

/** One run of the load generator, and what it cost whom. */
export interface Measurement extends Measured {
  /** From the last answer until every side effect of it had been made. */
  readonly deliveredAfterMs: number;
  /** Until then, for each answer; null where nobody can tell. */
  readonly cpuMsEach: { readonly shop: number; readonly postgres: number | null; readonly client: number };
  readonly eventLoopDelayMsP99: number;
  readonly memoryMb: number;
  /** Until then; null when nobody counted. */
  readonly work: DatabaseWork | null;
}

/** Begins and ends with nothing left to deliver. */
export async function measure(stage: Stage, plan: Plan, { counting = false } = {}): Promise<Measurement> {
  const { shop, generator, admin, postmasterPid } = stage;
  const work = counting ? await WorkCount.begin(admin) : null;
  const postgresBefore = cpuMsOfServer(postmasterPid);
  const before = await lookAtShop(shop.address);
  const measured = await generator.run(plan);
  const endedAt = performance.now();
  const { eventLoopDelayMsP99, memoryMb } = await lookAtShop(shop.address);
  await nothingUndelivered([shop.address]);
  const deliveredAfterMs = performance.now() - endedAt;
  const after = await lookAtShop(shop.address);
  const postgresAfter = cpuMsOfServer(postmasterPid);
  const answers = Object.values(measured.outcomes).reduce((sum, count) => sum + count, 0);
  return {
    ...measured,
    deliveredAfterMs,
    cpuMsEach: {
      shop: (after.cpuMs - before.cpuMs) / answers,
      postgres: postgresBefore === null || postgresAfter === null ? null : (postgresAfter - postgresBefore) / answers,
      client: measured.clientCpuMs / answers,
    },
    eventLoopDelayMsP99,
    memoryMb,
    work: (await work?.end(stage.shopDatabase)) ?? null,
  };
}
