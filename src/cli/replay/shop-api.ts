import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ReplayError } from './replay-error.js';

/** Longer than the shop keeps a dead request's idempotency key (60 s), so that a crash of the shop is outlived. */
const RETRY_FOR_MS_MAX = 120_000;
const RETRY_DELAY_MS_MIN = 100;
const RETRY_DELAY_MS_MAX = 2_000;
const RETRY_AFTER_MS_MAX = 30_000;
const REQUEST_MS_MAX = 30_000;

const STATUSES_TO_REPEAT = new Set([408, 429, 502, 503, 504]);
/** "Not now" in a 409: the first request with this key, or another payment of this order, is still under way. */
const CODES_TO_REPEAT = new Set(['IDEMPOTENCY_IN_FLIGHT', 'PAYMENT_IN_PROGRESS']);

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly token?: string;
  /** Every write has one, so that a repeat has no second effect. */
  readonly idempotencyKey?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Attempt extends Answer {
  readonly retryAfterMs: number;
}

const Problem = z.object({
  code: z.string(),
  detail: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

/** The stable code of a refusal, or the bare status. */
export const codeOf = ({ status, body }: Answer): string => Problem.safeParse(body).data?.code ?? `HTTP ${status}`;

/** The shop's public HTTP API, as a patient client uses it. */
export class ShopApi {
  /** Requests sent again, for the report. */
  repeats = 0;

  constructor(
    readonly url: string,
    private readonly retryForMsMax = RETRY_FOR_MS_MAX,
  ) {}

  /**
   * Answers with whatever the shop decided. Lost connections and "not now" are repeated with the same idempotency key.
   * The shop may crash after its commit and before it has stored the answer under that key; a repeat would then, a
   * minute later, do the work again. So whoever writes tells with `lookUp` how to see that the work has been done.
   *
   * @throws ReplayError when there is no answer for two minutes
   */
  async call(call: Call, lookUp?: () => Promise<Answer | undefined>): Promise<Answer> {
    const giveUpAt = performance.now() + this.retryForMsMax;
    let mayBeDone = false;
    for (let attempt = 0; ; attempt++) {
      const done = mayBeDone ? await lookUp?.() : undefined;
      if (done) return done;
      const answer = await this.attempt(call);
      if (!isToRepeat(answer)) return answer;
      mayBeDone ||= answer.status !== 429;
      const pauseMs = Math.max(answer.retryAfterMs, backoffMs(attempt));
      if (performance.now() + pauseMs > giveUpAt) {
        throw new ReplayError(`The shop at ${this.url} gave no answer to ${call.method} ${call.path}: ${reasonOf(answer)}.`);
      }
      this.repeats += 1;
      await sleep(pauseMs);
    }
  }

  /** @throws ReplayError when the answer has another status; only for what cannot be refused to us */
  async must<Body>(status: number, schema: z.ZodType<Body>, call: Call, lookUp?: () => Promise<Answer | undefined>): Promise<Body> {
    return read(await this.call(call, lookUp), status, schema, call);
  }

  /** One request, once. Status 0: nobody is there. */
  async attempt({ method, path, body, token, idempotencyKey }: Call): Promise<Attempt> {
    try {
      const response = await fetch(this.url + path, {
        method,
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(REQUEST_MS_MAX),
      });
      const retryAfterMs = Math.min((Number(response.headers.get('retry-after')) || 0) * 1_000, RETRY_AFTER_MS_MAX);
      return { status: response.status, body: jsonOrText(await response.text()), retryAfterMs };
    } catch (error) {
      if (!isLostConnection(error)) throw error;
      return { status: 0, body: causeOf(error), retryAfterMs: 0 };
    }
  }
}

/** @throws ReplayError naming the request, the code and the field that the shop complains of */
export function read<Body>(answer: Answer, status: number, schema: z.ZodType<Body>, { method, path }: Call): Body {
  if (answer.status !== status) throw new ReplayError(`The shop refused ${method} ${path}: ${reasonOf(answer)}.`);
  const parsed = schema.safeParse(answer.body);
  if (!parsed.success) {
    throw new ReplayError(
      `${method} ${path} answered something else than a shop does: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`,
    );
  }
  return parsed.data;
}

export function reasonOf(answer: Answer): string {
  if (answer.status === 0) return String(answer.body);
  const problem = Problem.safeParse(answer.body).data;
  if (!problem) return `status ${answer.status}`;
  const fields = (problem.errors ?? []).map(({ path, message }) => `${path}: ${message}`);
  return [`${answer.status} ${problem.code}`, problem.detail, ...fields].filter((part) => part !== undefined).join(', ');
}

const isToRepeat = (answer: Answer): boolean =>
  answer.status === 0 || STATUSES_TO_REPEAT.has(answer.status) || (answer.status === 409 && CODES_TO_REPEAT.has(codeOf(answer)));

const backoffMs = (attempt: number): number => Math.min(RETRY_DELAY_MS_MIN * 2 ** attempt, RETRY_DELAY_MS_MAX) * (0.5 + Math.random() / 2);

/** fetch throws a TypeError for any network failure, and a DOMException at the time limit; others are our own faults. */
const isLostConnection = (error: unknown): error is Error =>
  (error instanceof TypeError && (error.message === 'fetch failed' || error.message === 'terminated')) ||
  (error instanceof DOMException && error.name === 'TimeoutError');

const causeOf = (error: Error): string =>
  error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
