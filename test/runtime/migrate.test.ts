import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrate, type MigrateOptions } from '../../src/database/migrate.js';
import { freshDatabase, type FreshDatabase } from '../support/database.js';
import { query, temporaryFolder } from '../support/embedded.js';

let folder: ReturnType<typeof temporaryFolder>;
let database: FreshDatabase;

beforeEach(async () => {
  folder = temporaryFolder();
  database = await freshDatabase({ domains: [] });
  write('messaging/001_log.sql', 'CREATE TABLE log (position bigint)');
  write('order/001_orders.sql', 'CREATE TABLE shop_order.orders (id bigint)');
  write('user/001_accounts.sql', 'CREATE TABLE shop_user.accounts (id bigint)');
});

afterEach(async () => {
  await database.drop();
  folder.remove();
});

function write(file: string, up: string): void {
  const path = join(folder.path, file);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `-- Up Migration\n\n${up};\n\n-- Down Migration\n\nSELECT 1;\n`);
}

const up = (options: Partial<MigrateOptions> = {}): Promise<void> =>
  migrate({ url: database.url, domains: ['order', 'user'], folder: folder.path, ...options });

async function tables(): Promise<string[]> {
  const rows = await query<{ name: string }>(
    database.url,
    "SELECT schemaname || '.' || tablename AS name FROM pg_tables WHERE schemaname LIKE 'shop%' AND tablename NOT LIKE 'migrations%' ORDER BY 1",
  );
  return rows.map(({ name }) => name);
}

const ALL = ['shop_order.log', 'shop_order.orders', 'shop_user.accounts', 'shop_user.log'];

describe('migrate', () => {
  test('gives each domain its own schema with its tables and those of messaging', async () => {
    const messages: string[] = [];
    await up({ log: (message) => messages.push(message) });
    expect(await tables()).toEqual(ALL);
    expect(messages).toEqual([
      'shop_order: messaging/001_log',
      'shop_order: order/001_orders',
      'shop_user: messaging/001_log',
      'shop_user: user/001_accounts',
    ]);
  });

  test('gives a part of the platform its tables alone', async () => {
    write('http/001_keys.sql', 'CREATE TABLE shop_http.keys (id bigint)');
    await up({ domains: [], platform: ['http'] });
    expect(await tables()).toEqual(['shop_http.keys']);
  });

  test('does nothing the second time', async () => {
    await up();
    const messages: string[] = [];
    await up({ log: (message) => messages.push(message) });
    expect(messages).toEqual([]);
  });

  test('applies what is new, and nothing else', async () => {
    await up();
    write('user/002_names.sql', 'ALTER TABLE shop_user.accounts ADD COLUMN name text');
    const messages: string[] = [];
    await up({ log: (message) => messages.push(message) });
    expect(messages).toEqual(['shop_user: user/002_names']);
  });

  test('by several processes at once happens once', async () => {
    await Promise.all(Array.from({ length: 5 }, () => up()));
    expect(await tables()).toEqual(ALL);
  });

  test('undoes a folder whose statement fails, and says which', async () => {
    write('user/002_wrong.sql', 'CREATE TABLE shop_user.half (id bigint); SELECT nonsense');
    await expect(up()).rejects.toThrow(/migrating shop_user from .*user failed: .*nonsense/);
    expect(await tables()).toEqual(ALL.filter((name) => name !== 'shop_user.accounts'));
  });

  test('refuses a database that a newer version has changed', async () => {
    write('user/002_names.sql', 'ALTER TABLE shop_user.accounts ADD COLUMN name text');
    await up();
    rmSync(join(folder.path, 'user/002_names.sql'));
    await expect(up()).rejects.toThrow('the schema shop_user was migrated by a newer version (002_names)');
  });

  test('refuses a migration that slipped in before one that has run', async () => {
    await up();
    write('user/000_earlier.sql', 'SELECT 1');
    await expect(up()).rejects.toThrow(/000_earlier is preceding already run migration 001_accounts/);
  });

  test('refuses a domain without a migrations folder', async () => {
    await expect(up({ domains: ['order', 'gift'] })).rejects.toThrow(/the migrations folder .*gift is missing/);
  });

  test('refuses a name that is no schema name', async () => {
    await expect(up({ domains: ['x"; DROP SCHEMA public; --'] })).rejects.toThrow(/cannot name a schema/);
  });
});

describe('freshDatabase', () => {
  test('gives each caller a database of its own with every schema', async () => {
    const [one, other] = await Promise.all([freshDatabase(), freshDatabase()]);
    await query(one.url, 'CREATE TABLE shop_order.mine ()');
    expect(await query(other.url, "SELECT to_regclass('shop_order.mine') AS mine")).toEqual([{ mine: null }]);
    await Promise.all([one.drop(), other.drop()]);
  });

  test('drop ends the sessions that a test forgot', async () => {
    const forgotten = await freshDatabase();
    const busy = query(forgotten.url, 'SELECT pg_sleep(600)').catch((error: Error) => error);
    await query(database.url, 'SELECT pg_sleep(0.1)');
    await forgotten.drop();
    expect(await busy).toBeInstanceOf(Error);
  });
});
