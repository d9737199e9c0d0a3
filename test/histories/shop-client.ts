import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, CallOptions } from '../support/client.js';

const REPEATS_MAX = 200;
const REPEAT_PAUSE_MS = 20;
const ANSWER_WAIT_MS_MAX = 30_000;

export interface ShopAddress {
  readonly address: string;
  readonly operator: { readonly email: string; readonly password: string };
}

/** When a client stops waiting for its answer, and whether it then asks again, with the same key, until it knows. */
export interface Patience {
  readonly abortAfterMs: number | null;
  readonly insists: boolean;
}

export const PATIENT: Patience = { abortAfterMs: null, insists: false };

/** Null: nobody knows whether the request was carried out. */
export async function ask(
  shop: ShopAddress,
  method: string,
  path: string,
  options: CallOptions,
  patience = PATIENT,
): Promise<Answer | null> {
  const first = await askOnce(shop, method, path, options, patience.abortAfterMs ?? ANSWER_WAIT_MS_MAX);
  if (first !== null || !patience.insists) return first;
  for (let repeats = 1; repeats <= REPEATS_MAX; repeats++) {
    const answer = await askOnce(shop, method, path, options, ANSWER_WAIT_MS_MAX);
    if (answer !== null && answer.body?.code !== 'IDEMPOTENCY_IN_FLIGHT') return answer;
    await sleep(REPEAT_PAUSE_MS);
  }
  return null;
}

async function askOnce(shop: ShopAddress, method: string, path: string, options: CallOptions, waitMsMax: number): Promise<Answer | null> {
  const { token, body, headers } = options;
  try {
    const response = await fetch(shop.address + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(waitMsMax),
    });
    const text = await response.text();
    // 503 says "not now", not "not done": a part of it may have been.
    if (response.status === 503) return null;
    return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers };
  } catch {
    return null;
  }
}

/** @throws when the shop does not do what the world to test in is made of. */
export async function must(shop: ShopAddress, status: number, method: string, path: string, options: CallOptions): Promise<Answer['body']> {
  const answer = await ask(shop, method, path, options);
  if (answer?.status !== status) {
    throw new Error(`${method} ${path}: expected ${status}, got ${answer?.status}: ${JSON.stringify(answer?.body)}`);
  }
  return answer.body;
}
