import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { LoadGenerator } from '../../bench/load/load-generator.js';
import type { Plan } from '../../bench/load/plan.js';
import { runPlan } from '../../bench/load/run-plan.js';
import { arrivalsMs, randomFrom } from '../../bench/load/schedule.js';
import { Tally } from '../../bench/load/tally.js';

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

describe('the schedule of an open loop', () => {
  test('customers arrive at the rate asked for, in order, and not at even distances', () => {
    const times = arrivalsMs(10_000, 500, 1);
    expect(times.at(-1)).toBeGreaterThan(19_000);
    expect(times.at(-1)).toBeLessThan(21_000);
    const gaps = times.map((at, index) => at - (times[index - 1] ?? 0));
    expect(gaps.every((gap) => gap >= 0)).toBe(true);
    // Of random arrivals 1 - 1/e come sooner than the mean distance after the one before.
    expect(gaps.filter((gap) => gap < 2).length / gaps.length).toBeCloseTo(1 - 1 / Math.E, 1);
  });

  test('the same seed gives the same arrivals, another one others', () => {
    expect(arrivalsMs(10, 100, 7)).toEqual(arrivalsMs(10, 100, 7));
    expect(arrivalsMs(10, 100, 7)).not.toEqual(arrivalsMs(10, 100, 8));
    expect(Math.max(...Array.from({ length: 1_000 }, randomFrom(3)))).toBeLessThan(1);
  });
});

describe('the tally', () => {
  test('tells percentiles to within a thousandth, and the longest exactly as long as it was', () => {
    const tally = new Tally();
    for (let ms = 1; ms <= 1_000; ms++) tally.served(ms, true);
    const { latencyMs } = tally.report({ begun: 1_000, seconds: 10, clientCpuMs: 0, bodies: [] });
    expect(latencyMs.p50 / 500).toBeCloseTo(1, 2);
    expect(latencyMs.p95 / 950).toBeCloseTo(1, 2);
    expect(latencyMs.p99 / 990).toBeCloseTo(1, 2);
    expect(latencyMs.max / 1_000).toBeCloseTo(1, 2);
  });

  test('counts a rate of those that came in time only', () => {
    const tally = new Tally();
    tally.served(1, true);
    tally.served(9_000, false);
    expect(tally.report({ begun: 2, seconds: 2, clientCpuMs: 0, bodies: [] }).perSecond).toBe(0.5);
  });
});

describe('a plan', () => {
  test('a closed loop has no more requests under way than clients, makes each once, and keeps what it is asked to keep', async () => {
    let underWay = 0;
    let most = 0;
    const address = await listen((path, answer) => {
      most = Math.max(most, ++underWay);
      setTimeout(() => {
        underWay--;
        answer.end(JSON.stringify({ path }));
      }, 2);
    });
    const measured = await runPlan({ ...planFor(address, 20), keepBodies: true });
    expect(measured).toMatchObject({ begun: 20, failed: 0, outcomes: { 200: 20 } });
    expect(most).toBeLessThanOrEqual(3);
    expect(measured.bodies.map((body) => (JSON.parse(body) as { path: string }).path)).toEqual(paths(20));
  });

  test('in an open loop a request that waits for a connection has waited since it was due', async () => {
    // One connection, 20 ms an answer, ten requests due almost at once: the last waits for the nine before it.
    const address = await listen((_, answer) => void setTimeout(() => answer.end('{}'), 20));
    const arrivals = { kind: 'open', perSecond: 10_000, connectionsMax: 1, seed: 1 } as const;
    const { latencyMs, outcomes } = await runPlan({ ...planFor(address, 10), arrivals });
    expect(outcomes).toEqual({ 200: 10 });
    expect(latencyMs.max).toBeGreaterThan(180);
    expect(latencyMs.p50).toBeGreaterThan(80);
  });

  test('whoever is refused goes away, or comes back as often as allowed; both are counted by the code of the problem', async () => {
    let asked = 0;
    const address = await listen((_, answer) => {
      if (++asked % 3 === 0) return void answer.end('{}');
      answer.writeHead(503, { 'retry-after': '0' }).end(JSON.stringify({ code: 'OVERLOADED' }));
    });
    const once = await runPlan({ ...planFor(address, 3), arrivals: { kind: 'closed', clients: 1, secondsMax: 60 } });
    expect(once).toMatchObject({ failed: 2, askedToComeBack: 2, outcomes: { 200: 1, '503 OVERLOADED': 2 } });
    const patient = await runPlan({ ...planFor(address, 3), arrivals: { kind: 'closed', clients: 1, secondsMax: 60 }, attemptsMax: 3 });
    expect(patient).toMatchObject({ failed: 0, outcomes: { 200: 3, '503 OVERLOADED': 6 } });
  });

  test('a shop that does not answer is an outcome, and ends nothing', async () => {
    const address = await listen((_, answer) => void answer.destroy());
    const { failed, outcomes } = await runPlan(planFor(address, 3));
    expect(failed).toBe(3);
    expect(Object.keys(outcomes).join()).toMatch(/^no answer: /);
  });
});

test('the generator can have several runs under way, and tells each its own', async () => {
  const address = await listen((path, answer) => void setTimeout(() => answer.end(path), path.length));
  const generator = await LoadGenerator.start();
  try {
    const runs = await Promise.all([12, 3].map((count) => generator.run({ ...planFor(address, count), keepBodies: true })));
    expect(runs.map(({ bodies }) => bodies)).toEqual([paths(12), paths(3)]);
  } finally {
    await generator.stop();
  }
  await expect(generator.run(planFor(address, 1))).rejects.toThrow(/channel closed/i);
});

const paths = (count: number): string[] => Array.from({ length: count }, (_, index) => `/${index}`);

const planFor = (address: string, count: number): Plan => ({
  address,
  tokens: [],
  requests: paths(count).map((path) => ({ method: 'POST', path, body: '{}' })),
  arrivals: { kind: 'closed', clients: 3, secondsMax: 60 },
  expected: ['200'],
  attemptsMax: 1,
});

async function listen(respond: (path: string, answer: ServerResponse) => void): Promise<string> {
  const listening = createServer((request, answer) => respond(request.url ?? '', answer));
  server = listening;
  await new Promise<void>((resolve) => void listening.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}
