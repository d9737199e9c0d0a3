import { Pool } from 'undici';
import type { PlannedRequest } from './plan.js';

export interface Answer {
  /** The status, and the code of a problem: `409 ALREADY_PAID`. */
  readonly outcome: string;
  readonly retryAfterSeconds: number | null;
  /** Empty, unless bodies are kept. */
  readonly body: string;
}

export interface HttpClientOptions {
  readonly address: string;
  readonly tokens: readonly string[];
  readonly connectionsMax: number;
  readonly keepBodies: boolean;
}

const ANSWER_MS_MAX = 60_000;
const FIRST_PROBLEM = 400;
const JSON_BODY = { 'content-type': 'application/json' };

/**
 * Kept-alive connections to the shop, one request at a time on each. Client, shop and database share the machine, so what
 * the client does not spend is the shop's: hence `dispatch`, the level below `request` (figures in ADR 26).
 */
export class HttpClient {
  private readonly pool: Pool;
  private readonly headers: readonly Record<string, string>[];
  private readonly keepBodies: boolean;

  constructor({ address, tokens, connectionsMax, keepBodies }: HttpClientOptions) {
    this.keepBodies = keepBodies;
    this.pool = new Pool(address, {
      connections: connectionsMax,
      pipelining: 1,
      headersTimeout: ANSWER_MS_MAX,
      bodyTimeout: ANSWER_MS_MAX,
    });
    this.headers = tokens.map((token) => ({ authorization: `Bearer ${token}`, ...JSON_BODY }));
  }

  /** Never rejects: that nobody answers is an outcome, too. */
  ask({ method, path, customer, body }: PlannedRequest): Promise<Answer> {
    const { keepBodies } = this;
    const headers = this.headers[customer ?? -1] ?? (body === undefined ? null : JSON_BODY);
    return new Promise((resolve) => {
      let status = 0;
      let retryAfter: string | string[] | undefined;
      const chunks: Buffer[] = [];
      this.pool.dispatch(
        { method, path, headers, body: body ?? null },
        {
          onRequestStart() {},
          onResponseStart(_, statusCode, responseHeaders) {
            status = statusCode;
            retryAfter = responseHeaders['retry-after'];
          },
          onResponseData(_, chunk) {
            if (keepBodies || status >= FIRST_PROBLEM) chunks.push(chunk);
          },
          onResponseEnd() {
            const text = Buffer.concat(chunks).toString();
            const outcome = status < FIRST_PROBLEM ? String(status) : `${status} ${codeIn(text)}`;
            resolve({ outcome, retryAfterSeconds: retryAfter === undefined ? null : Number(retryAfter), body: text });
          },
          onResponseError(_, error) {
            const outcome = `no answer: ${'code' in error ? String(error.code) : error.message}`;
            resolve({ outcome, retryAfterSeconds: null, body: '' });
          },
        },
      );
    });
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }
}

function codeIn(body: string): string {
  try {
    return (JSON.parse(body) as { code?: string }).code ?? 'without a code';
  } catch {
    return 'without a problem';
  }
}
