import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseConfig } from '../../src/config/config.js';
import { Messaging } from '../../src/messaging/messaging.js';
import { type Shop, startShop as openShop } from '../../src/shop.js';
import { expectCleanBooks } from './books.js';
import { clientOf, OPERATOR, type ShopClient } from './client.js';
import { freshDatabase } from './database.js';

const SETTLE_MS_MAX = 20_000;

export interface TestShop extends ShopClient {
  readonly databaseUrl: string;
  readonly domainUrls: Readonly<Record<string, string>>;
  readonly dataDir: string;
  readonly shop: Shop;
  /** Waits until every durable event has been delivered to every subscriber. */
  settle(): Promise<void>;
  /**
   * Fails when the books are not clean then; `audit: false` is for a test that has put something wrong into them,
   * `deliveredElsewhere` for one with other processes that have a `dataDir` of their own.
   */
  stop(options?: { readonly audit?: boolean; readonly deliveredElsewhere?: boolean }): Promise<void>;
}

/** What `npm start` needs besides a database, for a shop whose first operator is {@link OPERATOR}. */
export const SETTINGS = {
  JWT_SECRET: 'a secret of at least thirty-two characters',
  ADMIN_EMAIL: OPERATOR.email,
  ADMIN_PASSWORD: OPERATOR.password,
  LOG_LEVEL: 'error',
  RATE_LIMIT_PER_MINUTE: '0',
};

/** The whole shop in this process, on a fresh database and any free port; `environment` as for `npm start`. */
export async function startShop(environment: Readonly<Record<string, string>> = {}): Promise<TestShop> {
  const database = await freshDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'ordersaga-test-'));
  const config = parseConfig({ ...SETTINGS, DATABASE_URL: database.url, DATA_DIR: dataDir, PORT: '0', ...environment });
  const shop = await openShop(config, () => {});

  const books = { databaseUrl: database.url, domainUrls: config.domainDatabaseUrls, dataDir };
  return {
    ...clientOf(shop.address),
    ...books,
    shop,
    async settle() {
      const messaging = shop.server.app.get(Messaging);
      const giveUpAt = Date.now() + SETTLE_MS_MAX;
      for (;;) {
        const behind = (await messaging.lag()).filter(({ events }) => events > 0);
        if (behind.length === 0) return;
        if (Date.now() > giveUpAt) throw new Error(`not delivered: ${JSON.stringify(behind)}`);
        await sleep(10);
      }
    },
    async stop({ audit = true, deliveredElsewhere = false } = {}) {
      try {
        await shop.stop();
        if (audit) await expectCleanBooks({ ...books, deliveredElsewhere, settle: () => Promise.resolve() }, { inMotion: true });
      } finally {
        await database.drop();
        await rm(dataDir, { recursive: true, force: true });
      }
    },
  };
}
