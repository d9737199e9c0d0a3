import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from '../kill-matrix/client.js';
import { COME_BACK_LATER, type Crowd, type Errand, type ErrandKind } from '../kill-matrix/crowd.js';
import { at } from '../kill-matrix/figures.js';

const KINDS: readonly ErrandKind[] = [
  'pays',
  'pays',
  'pays with a coupon',
  'is refused by the coupon',
  'is refused by the user',
  'cancels',
];
const PAUSE_MS_MAX = 100;
const REPEAT_AFTER_MS = 250;
const KNOWN_MS_MAX = 120_000;
const PROBE_EVERY_MS = 200;
const PROBES_AT_ONCE_MAX = 20;

export interface Pace {
  readonly paymentsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Customers who come one after the other, whatever happens, and repeat every request with its key until they know what became of it. */
export class SteadyLoad {
  readonly errands: Errand[] = [];
  private latenciesMs: number[] = [];
  private countedSinceMs = performance.now();
  private running = true;
  private readonly customers: readonly Promise<void>[];

  constructor(
    private readonly crowd: Crowd,
    clients: number,
  ) {
    this.customers = Array.from({ length: clients }, () => this.comeAndGo());
  }

  /** Of the payments since it was asked last. */
  pace(): Pace {
    const sorted = this.latenciesMs.toSorted((a, b) => a - b);
    const seconds = (performance.now() - this.countedSinceMs) / 1_000;
    this.latenciesMs = [];
    this.countedSinceMs = performance.now();
    return { paymentsPerSecond: sorted.length / seconds, p50Ms: at(sorted, 0.5) ?? NaN, p99Ms: at(sorted, 0.99) ?? NaN };
  }

  /**
   * Sends one customer after the other to place and pay an order, not waiting for those that hang.
   *
   * @returns after how many milliseconds the first of them had paid. @throws when nobody has in time.
   */
  async untilOrdersArePaid(waitMsMax: number): Promise<number> {
    const fromMs = performance.now();
    const under = new Set<Promise<void>>();
    const paidAfterMs: number[] = [];
    const probe = async (): Promise<void> => {
      const errand = await this.begin('pays');
      if (errand === null) return;
      const answer = await this.placeAndFinish(errand);
      if (answer?.status === 200) paidAfterMs.push(performance.now() - fromMs);
      else await this.untilKnown(errand);
    };
    while (paidAfterMs.length === 0) {
      if (performance.now() - fromMs > waitMsMax) throw new Error(`nobody could place and pay an order for ${waitMsMax} ms`);
      if (under.size < PROBES_AT_ONCE_MAX) {
        const probing = probe().finally(() => under.delete(probing));
        under.add(probing);
      }
      await sleep(PROBE_EVERY_MS);
    }
    const [first] = paidAfterMs;
    await Promise.all(under);
    return first ?? NaN;
  }

  /** Nobody new comes; who waits for an answer goes on asking until there is one. */
  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.customers);
  }

  private async comeAndGo(): Promise<void> {
    while (this.running) {
      await sleep(Math.random() * PAUSE_MS_MAX);
      const errand = await this.begin(KINDS[Math.floor(Math.random() * KINDS.length)] as ErrandKind);
      if (errand === null) continue;
      const fromMs = performance.now();
      const answer = await this.untilKnown(errand);
      if (answer?.status === 200 && errand.kind.startsWith('pays')) this.latenciesMs.push(performance.now() - fromMs);
    }
  }

  /** What fails in here has no order yet. */
  private async begin(kind: ErrandKind): Promise<Errand | null> {
    const errand = await this.crowd.prepare(kind).catch(() => null);
    if (errand !== null) this.errands.push(errand);
    return errand;
  }

  /** @returns the last answer. */
  private async untilKnown(errand: Errand): Promise<Answer | null> {
    const giveUpAtMs = performance.now() + KNOWN_MS_MAX;
    let answer = await this.placeAndFinish(errand);
    while (isUnknown(answer) && performance.now() < giveUpAtMs) {
      await sleep(REPEAT_AFTER_MS);
      answer = await this.placeAndFinish(errand);
    }
    return answer;
  }

  private async placeAndFinish(errand: Errand): Promise<Answer | null> {
    if (errand.orderId === null) await this.crowd.place(errand);
    return errand.orderId === null ? null : this.crowd.finish(errand);
  }
}

const isUnknown = (answer: Answer | null): boolean => answer === null || COME_BACK_LATER.has(answer.body.code as string);
