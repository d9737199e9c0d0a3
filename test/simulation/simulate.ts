import { brokenInvariants } from './checks/invariants.js';
import { undelivered } from './checks/events.js';
import { Clients } from './clients.js';
import type { FaultKind } from './faults.js';
import type { History } from './history.js';
import { Random } from './random.js';
import { inVirtualTime } from './virtual-time.js';
import { World, type WorldOptions } from './world.js';

/** Longer than any lease, deadline, back-off and hang together: what is not over by then never will be. */
const CLIENTS_MS_MAX = 60_000;
const SETTLING_MS_MAX = 60_000;
const STEPS_MAX = 400_000;

export interface Outcome {
  /** What broke; empty when all held. */
  readonly violations: readonly string[];
  readonly steps: number;
  readonly awaits: number;
  readonly virtualMs: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly answers: ReadonlyMap<string, number>;
}

/** Runs one history to its end and checks what is left. Deterministic: the same history gives the same outcome, step by step. */
export async function simulate(history: History, options: WorldOptions = {}): Promise<Outcome> {
  const world = new World(history, options);
  return inVirtualTime(world.scheduler, new Random(history.seed, 10 * history.chance + 7), async () => {
    const clients = new Clients(world);
    clients.start(history.operations);
    await phase(world, CLIENTS_MS_MAX, () => clients.areDone, 'a client waits for its answer');
    world.cease();
    await settle(world, clients);
    if (history.ending === 'expire') await letAllExpire(world, clients);
    if (history.ending === 'pay') await payAllPending(world, clients);
    if (world.violations.length === 0) world.violations.push(...brokenInvariants(world));
    clients.checks.atTheEnd();
    const { steps, nowMs } = world.scheduler;
    return {
      violations: world.violations,
      steps,
      awaits: world.io.awaits,
      virtualMs: nowMs,
      faults: world.striker.struck,
      answers: clients.answers,
    };
  });
}

async function phase(world: World, forMs: number, done: () => boolean, otherwise: string): Promise<void> {
  if (world.violations.length > 0) return;
  const isDone = (): boolean => world.violations.length > 0 || done();
  if (await world.scheduler.run(isDone, { untilMs: world.scheduler.nowMs + forMs, stepsMax: STEPS_MAX })) return;
  world.violations.push(`7: ${otherwise}`);
  if (!/settles/.test(otherwise)) return;
  world.violations.push(
    ...brokenInvariants(world)
      .filter((sentence) => /^[57]/.test(sentence))
      .slice(0, 3),
  );
}

const settle = (world: World, clients: Clients): Promise<void> =>
  phase(world, SETTLING_MS_MAX, () => clients.areDone && isSettled(world), 'the shop never settles');

/** Cheap questions first: this is asked at every step. */
function isSettled(world: World): boolean {
  if (!world.isQuiet) return false;
  for (const { status } of world.tables.orders.rows.values()) if (status === 'PAYMENT_PROCESSING') return false;
  return undelivered(world) === 0;
}

/** Deadlines are kept: nothing unpaid stays, and nothing is held for nobody. */
async function letAllExpire(world: World, clients: Clients): Promise<void> {
  const isOver = (): boolean =>
    world.isQuiet &&
    world.tables.orders.rows.values().every(({ status }) => status !== 'PENDING') &&
    world.tables.holds.rows.values().every(({ state }) => state !== 'HELD') &&
    isSettled(world);
  await phase(world, world.history.periods.holdMs + SETTLING_MS_MAX, () => clients.areDone && isOver(), 'something unpaid never expires');
}

/** The shop still works: whatever is pending can be paid, if its customer has the money and the hold is alive. */
async function payAllPending(world: World, clients: Clients): Promise<void> {
  if (world.violations.length > 0) return;
  const pending = [...world.tables.orders.rows.values()].filter(({ status }) => status === 'PENDING');
  for (const { orderId } of pending) clients.pay({ process: 0, coupon: null, respondAsync: false, insists: true }, orderId, 0);
  await phase(world, CLIENTS_MS_MAX, () => clients.areDone, 'a client waits for its answer');
  await settle(world, clients);
  for (const { orderId, userId, totalAmount, expiresAtMs } of pending) {
    const status = world.tables.orders.rows.get(orderId)?.status;
    const balance = world.tables.accounts.rows.get(userId)?.balance ?? 0n;
    const couldPay = status === 'PENDING' && balance >= totalAmount && expiresAtMs > world.database.nowMs;
    if (couldPay) {
      world.violations.push(`order ${orderId} over ${totalAmount} is still PENDING after its customer, who has ${balance}, has paid it`);
    }
  }
}
