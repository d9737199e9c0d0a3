import type { Refusal } from '../kernel/result.js';
import type { Transaction } from '../kernel/transaction.js';
import { type Outcome, done, refused } from './listener.js';

/** What a domain wrote of its part in a saga. `record` is what it needs to answer again, or to undo. */
export type Recorded<Answer = unknown> =
  | { readonly state: 'DONE'; readonly record: Answer }
  | { readonly state: 'REFUSED'; readonly record: Refusal }
  | { readonly state: 'UNDONE'; readonly record: Answer | null };

export interface StepRecord<Answer = unknown> {
  readonly sagaId: number;
  readonly outcome: Outcome<Answer>;
}

/** What an undo found: the step as it had been done. Steps never done, refused, or undone before are not in it. */
export interface UndoneStep<Answer = unknown> {
  readonly sagaId: number;
  readonly record: Answer;
}

/** What a listener does for each request of a batch whose step has not been done yet. */
export interface DoneOnce<Request, Seen, Answer> {
  readonly sagaIdOf: (request: Request) => number;
  /**
   * Locks and reads what all requests are about. Called while the claims are on their way, so that its statements go with theirs, right
   * behind them on the same connection; of repeated requests nothing is used.
   */
  readonly look: (requests: readonly Request[]) => Promise<Seen>;
  /** One outcome per request, in order. */
  readonly act: (fresh: readonly Request[], seen: Seen) => Promise<readonly Outcome<Answer>[]>;
}

/**
 * A domain's memory of the sagas it took part in. The same three moves serve every domain: claim before acting,
 * record the outcome, undo on compensation; each for a batch, inside the listener's transaction.
 *
 * J1: a saga's step is done at most once. Claims of one saga wait for each other; the second finds the first's record.
 * J2: a repeated request gets the recorded answer, and nothing is done again.
 * J3: an undo finds exactly what this step did, once; a second undo finds nothing.
 * J4: an undo that comes before its step leaves a tombstone, and the late step is refused.
 * J5: all claim their sagas in one order, and before they lock rows of their domain, so that batches never wait for each other in a circle.
 */
export abstract class SagaJournal {
  /**
   * Claims the step for each saga until the transaction ends. What was recorded before comes back; a saga that is absent from the map
   * is fresh: act on it, then {@link record}.
   */
  abstract claim(tx: Transaction, step: string, sagaIds: readonly number[]): Promise<ReadonlyMap<number, Recorded>>;

  /** Writes the outcomes of the fresh sagas of a claim, in the same transaction. */
  abstract record(tx: Transaction, step: string, records: readonly StepRecord[]): Promise<void>;

  /**
   * Answers a batch of requests, each saga's step done once: repeated ones get the recorded outcome, the others
   * are acted on and recorded, all in the listener's transaction.
   */
  async answerOnce<Request, Seen, Answer>(
    tx: Transaction,
    step: string,
    requests: readonly Request[],
    { sagaIdOf, look, act }: DoneOnce<Request, Seen, Answer>,
  ): Promise<Outcome<Answer>[]> {
    const [known, seen] = await Promise.all([this.claim(tx, step, requests.map(sagaIdOf)), look(requests)]);
    const outcomes = new Map([...known].map(([sagaId, recorded]) => [sagaId, recordedOutcome<Answer>(recorded)]));
    // A request that stands twice in one batch is a repetition like any other: only its first is fresh.
    const firsts = new Map<number, Request>();
    for (const request of requests) if (!firsts.has(sagaIdOf(request))) firsts.set(sagaIdOf(request), request);
    const fresh = [...firsts].flatMap(([sagaId, request]) => (known.has(sagaId) ? [] : [request]));
    const acted = fresh.length > 0 ? await act(fresh, seen) : [];
    const records = fresh.map((request, index) => ({ sagaId: sagaIdOf(request), outcome: acted[index] as Outcome<Answer> }));
    await this.record(tx, step, records);
    for (const { sagaId, outcome } of records) outcomes.set(sagaId, outcome);
    return requests.map((request) => outcomes.get(sagaIdOf(request)) as Outcome<Answer>);
  }

  /** Marks the step undone for each saga, or leaves a tombstone, and says what must really be undone. */
  abstract undo(tx: Transaction, step: string, sagaIds: readonly number[]): Promise<readonly UndoneStep[]>;
}

export const SAGA_ABORTED = 'PAYMENT_ABORTED';

/** The answer to a request that was answered before: what was recorded, or a refusal when its compensation came first. */
export function recordedOutcome<Answer>(recorded: Recorded): Outcome<Answer> {
  switch (recorded.state) {
    case 'DONE':
      return done(recorded.record as Answer);
    case 'REFUSED':
      return refused(recorded.record);
    case 'UNDONE':
      return refused({ code: SAGA_ABORTED, message: 'this payment was rolled back before the step arrived' });
  }
}
