import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Statement } from '../../src/database/database.js';
import { Databases } from '../../src/database/databases.js';
import { type FreshDatabase, freshDatabase } from '../support/database.js';
import { DOMAINS } from '../support/postgres.js';
import { EXCEPTIONS, EXCEPTIONS_AT_FIRST, NOT_PLANNED } from './exceptions.js';
import { grownDatabase, STAYS_SMALL } from './grown-database.js';
import { complaintsAbout, planOf, type PlanNode } from './plan.js';
import { statementSites } from './production-statements.js';
import { makeStatementsOfDomains } from './statements-of-domains.js';

const made = vi.hoisted(() => [] as Statement[]);
// Not another `sql`, but the real one, with somebody who takes down what it makes.
vi.mock(import('../../src/database/database.js'), async (original) => {
  const real = await original();
  const sql: typeof real.sql = (name, text) => {
    const statement = real.sql(name, text);
    made.push(statement);
    return statement;
  };
  return { ...real, sql };
});

const SITES = statementSites().filter(({ at }) => !at.startsWith('src/audit/'));

/** A row or more of each for every order. */
const GROWS_WITH_ORDERS = new Set([
  'cart_item',
  'data_platform_ack',
  'event_log',
  'event_log_0',
  'idempotency_key',
  'ledger_entry',
  'order_line',
  'orders',
  'payment_attempt',
  'receipt',
  'saga_step',
  'stock_hold',
  'user_coupon',
]);

let database: FreshDatabase;
let session: pg.Client;

beforeAll(async () => {
  database = await grownDatabase();
  session = new pg.Client({ connectionString: database.url });
  await session.connect();
  await Promise.all([...new Set(SITES.map(({ file }) => file))].map((file) => import(file)));
  const databases = new Databases({ url: database.url });
  makeStatementsOfDomains(DOMAINS, databases);
  await databases.close();
});

afterAll(async () => {
  await session.end();
  await database.drop();
});

const statements = (): readonly Statement[] => [...new Map(made.map((statement) => [statement.name, statement])).values()];
const madeAtSites = (): readonly Statement[] => statements().filter(({ name }) => SITES.some(({ names }) => names.test(name)));
const inEveryDomain = (name: string): string => name.replace(/^(messaging|locks)\.\w+\./, '$1.<domain>.');

/** A partition grows like its table; and what a table is to its domain, it is to all. */
function grows(table: string): boolean {
  const [schema = '', name = ''] = table.split('.');
  return schema.startsWith('shop_') && !(name in STAYS_SMALL) && !name.startsWith('migrations_');
}

async function complaintsOf(
  all: readonly Statement[],
  { of = grows, on = session }: { readonly of?: (table: string) => boolean; readonly on?: pg.Client } = {},
): Promise<ReadonlyMap<string, readonly string[]>> {
  const complaints = new Map<string, readonly string[]>();
  for (const statement of all) {
    if (NOT_PLANNED.some(({ names }) => names.test(inEveryDomain(statement.name)))) continue;
    const ofStatement = complaintsAbout(await planned(statement, on), of);
    if (ofStatement.length > 0) complaints.set(statement.name, ofStatement);
  }
  return complaints;
}

async function planned({ text }: Statement, on = session): Promise<PlanNode> {
  const { rows } = await on.query<{ 'QUERY PLAN': unknown }>(`EXPLAIN (GENERIC_PLAN, VERBOSE, FORMAT JSON) ${text}`);
  return planOf(rows[0]?.['QUERY PLAN']);
}

describe('a statement is found out', () => {
  test.each([
    [
      'that reads a table from one end to the other',
      'SELECT * FROM shop_order.orders WHERE final_amount = $1',
      /^reads all of shop_order.orders \(Seq Scan\)/,
    ],
    [
      'that joins a batch with a whole table',
      'SELECT o.* FROM unnest($1::bigint[]) AS amount JOIN shop_order.orders o ON o.final_amount = amount',
      /^reads all of/,
    ],
    [
      'that reads an index from one end to the other',
      'SELECT order_id FROM shop_order.orders ORDER BY order_id',
      /^reads all of shop_order.orders \(Index/,
    ],
    [
      'that reads more than a page',
      'SELECT sum(final_amount) FROM shop_order.orders WHERE order_id > $1',
      /^reads \d+ rows of shop_order.orders/,
    ],
    [
      'that walks along an index for rare rows',
      "SELECT * FROM shop_order.orders WHERE currency = 'EUR' AND order_id > $1 ORDER BY order_id LIMIT 1",
      /^walks shop_order.orders/,
    ],
    ['that sorts a table', 'SELECT * FROM shop_order.orders ORDER BY final_amount LIMIT 10', /^sorts \d+ rows/],
  ])('%s', async (_, text, complaint) => {
    const plan = await planned({ name: 'planted', text });
    expect(complaintsAbout(plan, grows)).toContainEqual(expect.stringMatching(complaint));
  });

  test('but not one that reads a page in the order of an index', async () => {
    const plan = await planned({
      name: 'planted',
      text: 'SELECT * FROM shop_order.orders WHERE user_id = $1 ORDER BY order_id DESC LIMIT $2',
    });
    expect(complaintsAbout(plan, grows)).toEqual([]);
  });
});

describe('in a shop with ten million orders', () => {
  test('every statement of the code is known here', () => {
    const unknown = SITES.filter(({ names }) => !statements().some(({ name }) => names.test(name))).map(({ at }) => at);
    expect(unknown, 'statements that are made in a function: make them in statements-of-domains.ts').toEqual([]);
  });

  test('no two statements have one name', () => {
    const texts = Map.groupBy(made, ({ name }) => name);
    expect([...texts].filter(([, same]) => new Set(same.map(({ text }) => text)).size > 1).map(([name]) => name)).toEqual([]);
  });

  test('no statement becomes slower as the tables grow, but those that have a reason to', async () => {
    const complaints = await complaintsOf(madeAtSites());
    expect(Object.fromEntries([...complaints].filter(([name]) => !(inEveryDomain(name) in EXCEPTIONS)))).toEqual({});
  });

  test('no exception is listed that is none', async () => {
    const complaints = await complaintsOf(madeAtSites());
    const exceptional = new Set([...complaints.keys()].map(inEveryDomain));
    expect(Object.keys(EXCEPTIONS).filter((name) => !exceptional.has(name))).toEqual([]);
  });
});

// A connection keeps the plan of a named statement until the table is analysed, which is up to a minute after its first orders.
test('in a shop that has just opened no statement reads all orders, or what comes with each, but those of operators', async () => {
  const opened = await freshDatabase();
  const client = new pg.Client({ connectionString: opened.url });
  await client.connect();
  try {
    const of = (table: string): boolean => GROWS_WITH_ORDERS.has(table.replace(/^\w+\./, ''));
    const complaints = [...(await complaintsOf(madeAtSites(), { of, on: client }))].filter(
      ([name]) => !(inEveryDomain(name) in { ...EXCEPTIONS, ...EXCEPTIONS_AT_FIRST }),
    );
    const whole = complaints.filter(([, all]) => all.some((complaint) => complaint.includes('(Seq Scan)')));
    expect(Object.fromEntries(whole)).toEqual({});
  } finally {
    await client.end();
    await opened.drop();
  }
});
