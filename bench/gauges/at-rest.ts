import { setTimeout as sleep } from 'node:timers/promises';
import { lookAtShop } from './shop-gauges.js';

const LOOK_EVERY_MS = 500;
/** What its timers and this look take. */
const IDLE_CPU_SHARE = 0.1;
const WAIT_MS_MAX = 30_000;

/** Waits until a shop has done what nobody waited for: side effects and the telling of availability go on after the last answer. */
export async function untilAtRest(address: string): Promise<void> {
  const cpuMsSoFar = async (): Promise<number> => (await lookAtShop(address)).cpuMs;
  const giveUpAt = performance.now() + WAIT_MS_MAX;
  for (let before = await cpuMsSoFar(); performance.now() < giveUpAt;) {
    await sleep(LOOK_EVERY_MS);
    const now = await cpuMsSoFar();
    if (now - before < IDLE_CPU_SHARE * LOOK_EVERY_MS) return;
    before = now;
  }
  throw new Error(`the shop at ${address} has not come to rest in ${WAIT_MS_MAX / 1_000} s`);
}
