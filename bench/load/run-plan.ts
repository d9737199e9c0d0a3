import { setTimeout as sleep } from 'node:timers/promises';
import { HttpClient } from './http-client.js';
import type { ClosedLoop, Measured, OpenLoop, Plan, PlannedRequest } from './plan.js';
import { arrivalsMs } from './schedule.js';
import { Tally } from './tally.js';

const COME_BACK_PAUSE_MS = 10;
/** Timers are no finer. Being late is counted, because latency begins when a request is due. */
const TICK_MS = 1;

/** Asks the shop as the plan says, and counts. */
export async function runPlan(plan: Plan): Promise<Measured> {
  const { arrivals, tokens, address, keepBodies = false } = plan;
  const connectionsMax = arrivals.kind === 'closed' ? arrivals.clients : arrivals.connectionsMax;
  const client = new HttpClient({ address, tokens, connectionsMax, keepBodies });
  const tally = new Tally();
  const errands = new Errands(client, plan, tally);
  const cpuBefore = process.cpuUsage();
  const { begun, seconds } =
    arrivals.kind === 'closed' ? await closedLoop(errands, plan, arrivals) : await openLoop(errands, plan, arrivals);
  const { user, system } = process.cpuUsage(cpuBefore);
  await client.close();
  return tally.report({ begun, seconds, clientCpuMs: (user + system) / 1_000, bodies: errands.bodies });
}

class Errands {
  readonly bodies: string[] = [];
  private readonly expected: ReadonlySet<string>;

  constructor(
    private readonly client: HttpClient,
    private readonly plan: Plan,
    private readonly tally: Tally,
  ) {
    this.expected = new Set(plan.expected);
  }

  /** From the moment it is due to an expected answer, or to the last attempt. */
  async run(index: number, dueAtMs: number, inTimeUntilMs: number): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const { outcome, retryAfterSeconds, body } = await this.client.ask(this.plan.requests[index] as PlannedRequest);
      const nowMs = performance.now();
      this.tally.answered(outcome, retryAfterSeconds);
      if (this.expected.has(outcome)) {
        if (this.plan.keepBodies) this.bodies[index] = body;
        return this.tally.served(nowMs - dueAtMs, nowMs <= inTimeUntilMs);
      }
      if (attempt === this.plan.attemptsMax) return this.tally.notServed();
      await sleep(retryAfterSeconds === null ? COME_BACK_PAUSE_MS : retryAfterSeconds * 1_000 * (1 + Math.random() / 4));
    }
  }
}

interface Span {
  readonly begun: number;
  readonly seconds: number;
}

async function closedLoop(errands: Errands, { requests }: Plan, { clients, secondsMax }: ClosedLoop): Promise<Span> {
  const fromMs = performance.now();
  const untilMs = fromMs + secondsMax * 1_000;
  let begun = 0;
  const client = async (): Promise<void> => {
    for (;;) {
      const dueAtMs = performance.now();
      if (begun === requests.length || dueAtMs >= untilMs) return;
      await errands.run(begun++, dueAtMs, Infinity);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { begun, seconds: (performance.now() - fromMs) / 1_000 };
}

/** Latency begins when a request is due, not when it could be sent: what waits here for a connection has waited (coordinated omission). */
async function openLoop(errands: Errands, { requests }: Plan, { perSecond, seed }: OpenLoop): Promise<Span> {
  const dueMs = arrivalsMs(requests.length, perSecond, seed);
  const fromMs = performance.now();
  const lastMs = dueMs.at(-1) ?? 0;
  const running: Promise<void>[] = [];
  while (running.length < requests.length) {
    const nowMs = performance.now() - fromMs;
    for (let next = running.length; next < requests.length && (dueMs[next] as number) <= nowMs; next++) {
      running.push(errands.run(next, fromMs + (dueMs[next] as number), fromMs + lastMs));
    }
    await sleep(TICK_MS);
  }
  await Promise.all(running);
  return { begun: running.length, seconds: lastMs / 1_000 };
}
