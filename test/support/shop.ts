import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseConfig } from '../../src/config/config.js';
import { InProcessMessaging } from '../../src/messaging/in-process/in-process-messaging.js';
import { type Shop, startShop as openShop } from '../../src/shop.js';
import { expectCleanBooks } from './books.js';
import { freshDatabase } from './database.js';

const SETTLE_MS_MAX = 20_000;
export const OPERATOR = { email: 'operator@example.com', password: 'operator-password' };

// oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers at many places
type Json = any;

export interface Answer<Body = Json> {
  readonly status: number;
  readonly body: Body;
  readonly headers: Headers;
}

export interface CallOptions {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestShop {
  readonly address: string;
  readonly databaseUrl: string;
  readonly domainUrls: Readonly<Record<string, string>>;
  readonly dataDir: string;
  readonly shop: Shop;
  /** `api('POST', '/api/orders', { token, body })` over the wire. */
  api<Body = Json>(method: string, path: string, options?: CallOptions): Promise<Answer<Body>>;
  operatorToken(): Promise<string>;
  /** A new customer, topped up. */
  customer(balance?: number): Promise<{ readonly userId: number; readonly token: string; readonly email: string }>;
  /** A new product on sale with one option per stock figure. */
  product(options: {
    readonly price: number;
    readonly stock: readonly number[];
    readonly name?: string;
    readonly category?: string;
  }): Promise<{
    readonly productId: number;
    readonly optionIds: readonly number[];
  }>;
  /** Waits until every durable event has been delivered to every subscriber. */
  settle(): Promise<void>;
  /** Fails when the books are not clean then; `audit: false` is for a test that has put something wrong into them. */
  stop(options?: { readonly audit?: boolean }): Promise<void>;
}

/** The whole shop in this process, on a fresh database and any free port; `environment` as for `npm start`. */
export async function startShop(environment: Readonly<Record<string, string>> = {}): Promise<TestShop> {
  const database = await freshDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'ordersaga-test-'));
  const config = parseConfig({
    DATABASE_URL: database.url,
    DATA_DIR: dataDir,
    JWT_SECRET: 'a secret of at least thirty-two characters',
    ADMIN_EMAIL: OPERATOR.email,
    ADMIN_PASSWORD: OPERATOR.password,
    PORT: '0',
    LOG_LEVEL: 'error',
    RATE_LIMIT_PER_MINUTE: '0',
    ...environment,
  });
  const shop = await openShop(config, () => {});
  const { address } = shop;
  let operator: Promise<string> | undefined;
  let customers = 0;

  const api: TestShop['api'] = async (method, path, { token, body, headers } = {}) => {
    const response = await fetch(address + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers };
  };
  const operatorToken = (): Promise<string> =>
    (operator ??= must(api('POST', '/api/auth/login', { body: OPERATOR }), 200).then((body) => body.accessToken));

  const books = { databaseUrl: database.url, domainUrls: config.domainDatabaseUrls, dataDir };
  return {
    address,
    ...books,
    shop,
    api,
    operatorToken,
    async customer(balance = 0) {
      const email = `customer-${++customers}@example.com`;
      const { userId, accessToken } = await must(api('POST', '/api/auth/signup', { body: { email, password: 'customer-password' } }), 201);
      if (balance > 0) {
        await must(api('POST', `/api/users/${userId}/balance/charges`, { token: await operatorToken(), body: { amount: balance } }), 201);
      }
      return { userId, token: accessToken, email };
    },
    async product({ price, stock, name = 'A thing', category = 'things' }) {
      const options = stock.map((pieces, index) => ({ name: `option ${index + 1}`, stock: pieces }));
      const body = { name, category, price, options };
      const created = await must(api('POST', '/api/admin/products', { token: await operatorToken(), body }), 201);
      return {
        productId: created.productId,
        optionIds: created.options.map((option: { productOptionId: number }) => option.productOptionId),
      };
    },
    async settle() {
      const messaging = shop.server.app.get(InProcessMessaging);
      const giveUpAt = Date.now() + SETTLE_MS_MAX;
      for (;;) {
        const behind = (await messaging.lag()).filter(({ events }) => events > 0);
        if (behind.length === 0) return;
        if (Date.now() > giveUpAt) throw new Error(`not delivered: ${JSON.stringify(behind)}`);
        await sleep(10);
      }
    },
    async stop({ audit = true } = {}) {
      try {
        await shop.stop();
        if (audit) await expectCleanBooks({ ...books, settle: () => Promise.resolve() }, { inMotion: true });
      } finally {
        await database.drop();
        await rm(dataDir, { recursive: true, force: true });
      }
    },
  };
}

async function must(answering: Promise<Answer>, status: number): Promise<Json> {
  const answer = await answering;
  if (answer.status !== status) throw new Error(`expected ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}
