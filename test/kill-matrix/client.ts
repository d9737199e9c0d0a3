// oxlint-disable-next-line typescript/no-explicit-any -- callers look into answers at many places
type Json = any;

export interface Answer {
  readonly status: number;
  readonly body: Json;
}

interface CallOptions {
  readonly token?: string;
  readonly body?: unknown;
  /** The Idempotency-Key. */
  readonly key?: string;
}

const ANSWER_MS_MAX = 20_000;

/** A client that survives the shops it talks to, and asks any of them. */
export class Client {
  constructor(public addresses: readonly string[]) {}

  /** @returns null when the connection broke: what the request has done, nobody knows. */
  async call(method: string, path: string, { token, body, key }: CallOptions = {}): Promise<Answer | null> {
    const address = this.addresses[Math.floor(Math.random() * this.addresses.length)];
    try {
      const response = await fetch(`${address}${path}`, {
        method,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
      return { status: response.status, body: await response.json() };
    } catch {
      return null;
    }
  }

  async must(method: string, path: string, options: CallOptions = {}): Promise<Json> {
    const answer = await this.call(method, path, options);
    if (answer === null || answer.status >= 300) throw new Error(`${method} ${path}: ${answer?.status} ${JSON.stringify(answer?.body)}`);
    return answer.body;
  }
}
