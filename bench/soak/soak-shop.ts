import { setTimeout as sleep } from 'node:timers/promises';
import { lookAtShop } from '../gauges/shop-gauges.js';
import type { Measured } from '../load/plan.js';
import type { Stage } from '../stage.js';
import type { MemorySample } from './memory.js';
import { type StreamFigures, StreamTotals } from './stream-totals.js';
import { INTERVAL_SECONDS, type IntervalPlans, type Stream, STREAMS, type Traffic } from './traffic.js';

/** One interval of the load, and the shop's memory at its end. */
export interface Sample extends MemorySample {
  /** In millions of bytes. */
  readonly heapUsedMb: number;
  /** Payments that came while customers arrived, a second. */
  readonly paidPerSecond: number;
  /** Of the payments, in milliseconds; null where none was made. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Requests of any kind without the expected answer. */
  readonly failed: number;
}

export interface Soaked {
  readonly samples: readonly Sample[];
  readonly streams: Readonly<Record<Stream, StreamFigures>>;
  /** What was not right: lines for whoever ran it. */
  readonly problems: readonly string[];
}

/** How many may be told one by one; a shop that is gone fails each request. */
const PROBLEMS_MAX = 20;
const WARM_UP = { clients: 8, secondsMax: 10 };
const INTERVAL_MS = INTERVAL_SECONDS * 1_000;

export interface Load {
  readonly stage: Stage;
  readonly traffic: Traffic;
  readonly minutes: number;
  readonly onSample: (sample: Sample) => void;
}

/** A steady load; ends early only when the shop does, or offers no coupons. */
export async function soakShop({ stage, traffic, minutes, onSample }: Load): Promise<Soaked> {
  const totals = Object.fromEntries(STREAMS.map((stream) => [stream, new StreamTotals()])) as Record<Stream, StreamTotals>;
  const samples: Sample[] = [];
  const problems: string[] = [];
  const over = new AbortController();
  void stage.shop.ended.then(() => over.abort());
  await warmUpAll(stage, await traffic.next());
  let plans = await traffic.next();
  const startedAtMs = performance.now();
  const minute = (): number => (performance.now() - startedAtMs) / 60_000;

  const play = async (interval: IntervalPlans): Promise<void> => {
    const measured = await runAll(stage, interval);
    traffic.placed(interval['place an order'].requests, measured['place an order'].bodies);
    for (const stream of STREAMS) totals[stream].add(measured[stream]);
    const { memoryMb, heapUsedMb } = await lookAtShop(stage.shop.address);
    const { perSecond, latencyMs } = measured.pay;
    const failed = STREAMS.reduce((sum, stream) => sum + measured[stream].failed, 0);
    // Where nothing was there to be paid, there is no rate.
    const paid = { paidPerSecond: perSecond || 0, p50Ms: latencyMs.p50, p99Ms: latencyMs.p99 };
    const sample = { minute: minute(), memoryMb, heapUsedMb, ...paid, failed };
    samples.push(sample);
    onSample(sample);
  };
  const running: Promise<void>[] = [];
  const tell = (error: unknown): void => void problems.push(`minute ${minute().toFixed(1)}: ${(error as Error).message}`);
  const intervals = Math.ceil((minutes * 60) / INTERVAL_SECONDS);
  try {
    for (let interval = 1; interval <= intervals && !over.signal.aborted; interval++) {
      // By the clock, not by the end of the interval before: customers do not wait for each other (coordinated omission).
      await sleep(Math.max(0, startedAtMs + (interval - 1) * INTERVAL_MS - performance.now()));
      running.push(play(plans).catch(tell));
      if (interval < intervals) plans = await traffic.next();
    }
  } catch (error) {
    tell(error);
  }
  await Promise.all(running);
  const streams = Object.fromEntries(STREAMS.map((stream) => [stream, totals[stream].figures()])) as Soaked['streams'];
  return {
    samples: samples.toSorted((a, b) => a.minute - b.minute),
    streams,
    problems: [...problems.slice(0, PROBLEMS_MAX), ...failuresOf(streams), ...tooFewPaid(streams)],
  };
}

/** Of every kind some, as fast as there are answers: what the first interval meets is a shop that has run for a while. */
async function warmUpAll({ generator }: Stage, plans: IntervalPlans): Promise<void> {
  const arrivals = { kind: 'closed', clients: WARM_UP.clients, secondsMax: WARM_UP.secondsMax } as const;
  await Promise.all(STREAMS.map((stream) => generator.run({ ...plans[stream], arrivals })));
}

async function runAll({ generator }: Stage, plans: IntervalPlans): Promise<Record<Stream, Measured>> {
  const measured = await Promise.all(STREAMS.map(async (stream) => [stream, await generator.run(plans[stream])] as const));
  return Object.fromEntries(measured) as Record<Stream, Measured>;
}

const failuresOf = (streams: Soaked['streams']): string[] =>
  STREAMS.filter((stream) => streams[stream].failed > 0).map(
    (stream) => `${stream}: ${streams[stream].failed} requests without an expected answer: ${JSON.stringify(streams[stream].outcomes)}`,
  );

/** As many are to be paid as are placed; when orders came too late, or never, fewer were. */
function tooFewPaid(streams: Soaked['streams']): string[] {
  const { pay, 'place an order': placed } = streams;
  if (pay.requests >= placed.requests) return [];
  return [`pay: only ${pay.requests} payments of ${placed.requests} were asked for, because their orders had not been placed in time`];
}
