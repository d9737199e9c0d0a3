import { Overloaded, Unavailable } from '../kernel/faults.js';

export interface MicroBatcherOptions<Request, Verdict> {
  readonly name: string;
  /** Handles a batch and gives one verdict per request, in order. */
  readonly run: (batch: readonly Request[]) => Promise<readonly Verdict[]>;
  readonly batchRequestsMax?: number;
  readonly queueRequestsMax?: number;
  readonly batchesInFlightMax?: number;
}

interface Waiting<Request, Verdict> {
  readonly request: Request;
  readonly resolve: (verdict: Verdict) => void;
  readonly reject: (fault: unknown) => void;
}

/** How many requests wait in the queues of this process, by the name of the batcher: a figure for operators. */
export const requestsWaiting = new Map<string, number>();

/**
 * Lets concurrent requests share a transaction: while a batch is in flight the next one gathers. An idle batcher
 * adds no wait.
 *
 * B1: every submitted request gets exactly one verdict or one fault.
 * B2: a fault never hits a neighbour: the batch is run again in halves until the culprit stands alone. So `run` must
 *     have done nothing when it throws, which a rolled-back transaction has.
 * B3: the queue is bounded; what does not fit is refused at once with {@link Overloaded}.
 * B4: nobody behind a culprit waits for the search: the next batches go on beside it. One search at a time, so that
 *     culprits without end slow the flow down instead of taking every connection.
 */
export class MicroBatcher<Request, Verdict> {
  private readonly queue: Waiting<Request, Verdict>[] = [];
  private searching: Promise<void> = Promise.resolve();
  private readonly batchRequestsMax: number;
  private readonly queueRequestsMax: number;
  private readonly batchesInFlightMax: number;
  private batchesInFlight = 0;
  private scheduled = false;

  constructor(private readonly options: MicroBatcherOptions<Request, Verdict>) {
    this.batchRequestsMax = options.batchRequestsMax ?? 256;
    this.queueRequestsMax = options.queueRequestsMax ?? 2_000;
    this.batchesInFlightMax = options.batchesInFlightMax ?? 1;
  }

  submit(request: Request): Promise<Verdict> {
    if (this.queue.length >= this.queueRequestsMax) return Promise.reject(new Overloaded(this.options.name));
    return new Promise((resolve, reject) => {
      this.queue.push({ request, resolve, reject });
      this.countWaiting(1);
      this.schedule();
    });
  }

  /** Waits for the end of the current turn of the event loop, so that requests that arrive together leave together. */
  private schedule(): void {
    if (this.scheduled || this.batchesInFlight >= this.batchesInFlightMax) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.startBatch();
    });
  }

  private startBatch(): void {
    const batch = this.queue.splice(0, this.batchRequestsMax);
    if (batch.length === 0) return;
    this.countWaiting(-batch.length);
    this.batchesInFlight++;
    void this.settle(batch).finally(() => {
      this.batchesInFlight--;
      if (this.queue.length > 0) this.schedule();
    });
    if (this.queue.length > 0) this.schedule();
  }

  /** Resolves when the next batch may start. */
  private async settle(batch: readonly Waiting<Request, Verdict>[]): Promise<void> {
    if (await this.tryToAnswer(batch)) return;
    const before = this.searching;
    this.searching = before.then(() => this.answerInHalves(batch));
    await before;
  }

  private async answerInHalves(batch: readonly Waiting<Request, Verdict>[]): Promise<void> {
    const middle = batch.length >> 1;
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      if (!(await this.tryToAnswer(half))) await this.answerInHalves(half);
    }
  }

  /** @returns false when nobody has been answered because there is a culprit among several. */
  private async tryToAnswer(batch: readonly Waiting<Request, Verdict>[]): Promise<boolean> {
    try {
      const verdicts = await this.options.run(batch.map(({ request }) => request));
      if (verdicts.length !== batch.length) {
        throw new Error(`${this.options.name}: ${verdicts.length} verdicts for ${batch.length} requests`);
      }
      batch.forEach(({ resolve }, index) => resolve(verdicts[index] as Verdict));
    } catch (fault) {
      // Nobody's request is the culprit when the database is away: trying each alone would only make the outage worse.
      if (batch.length > 1 && !(fault instanceof Unavailable)) return false;
      batch.forEach(({ reject }) => reject(fault));
    }
    return true;
  }

  private countWaiting(requests: number): void {
    const { name } = this.options;
    requestsWaiting.set(name, (requestsWaiting.get(name) ?? 0) + requests);
  }
}
