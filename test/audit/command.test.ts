import { dirname } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AuditReport } from '../../src/audit/report.js';
import { auditCommand } from '../../src/cli/audit-command.js';
import { temporaryFolder } from '../support/embedded.js';
import { type ExampleBooks, exampleBooks } from './example-books.js';

let books: ExampleBooks;

beforeAll(async () => {
  books = await exampleBooks();
});

beforeEach(() => books.writeAnew());

afterAll(() => books.drop());

const environment = (of = books): NodeJS.ProcessEnv => ({
  DATABASE_URL: of.url,
  DATA_DIR: dirname(of.deliveredFolder),
  ...Object.fromEntries(Object.entries(of.domainUrls).map(([domain, url]) => [`DATABASE_URL_${domain.toUpperCase()}`, url])),
});

async function run(args: readonly string[], { env, isTTY = false }: { env?: NodeJS.ProcessEnv; isTTY?: boolean } = {}) {
  const written = { out: '', err: '' };
  const into = (name: keyof typeof written) => ({ isTTY, write: (text: string) => (written[name] += text) });
  const code = await auditCommand(args, env ?? environment(), into('out'), into('err'));
  return { code, ...written };
}

describe('npm run audit', () => {
  test('of clean books prints a line per check with what it went through, and exits with 0', async () => {
    const { code, out, err } = await run([]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^ {2}✓ 1\.1 {2}all ledger entries sum to zero +7 ledger entries$/m);
    expect(out).toContain('pending: order 5 is being paid by payment 5');
    expect(out).toMatch(/^Clean: \d+ checks over 7 orders and 7 ledger entries; 0 violations, 5 pending\.$/m);
  });

  test('prints every violation and exits with 1', async () => {
    await books.plant('UPDATE shop_user.account SET balance = balance + 1 WHERE id IN (2, 3)');
    const { code, out } = await run([]);
    expect(code).toBe(1);
    expect(out).toMatch(/^ {2}✗ 1\.3 {2}each balance is the sum of its ledger entries +3 accounts$/m);
    expect(out).toContain('account 2 has a balance of 6201, but its ledger entries sum to 6200');
    expect(out).toContain('account 3 has a balance of 4501, but its ledger entries sum to 4500');
    expect(out).toMatch(/^NOT CLEAN: .* 2 violations, 5 pending\.$/m);
  });

  test('--settled refuses what is pending', async () => {
    const { code, out } = await run(['--settled']);
    expect(code).toBe(1);
    expect(out).toMatch(/^ {2}✗ 3\.2 /m);
    expect(out).toContain('0 violations, 5 pending where nothing should be');
  });

  test('--json prints the report', async () => {
    const { code, out } = await run(['--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out) as AuditReport).toMatchObject({ clean: true, violations: 0, pending: 5, census: { orders: 7 } });
  });

  test('tells a check that had nothing to go through from one that found nothing', async () => {
    await books.plant(
      'DELETE FROM shop_coupon.user_coupon WHERE id = 2; UPDATE shop_coupon.coupon SET issued = 1; DELETE FROM shop_product.event_cursor; DELETE FROM shop_order.event_cursor',
    );
    const { out } = await run([]);
    expect(out).toMatch(/^ {2}- 5\.2 .* nothing to check: no cursors$/m);
    expect(out).toContain('; 2 of them had nothing to check; ');
  });

  test('of several databases tells which they are', async () => {
    const split = await exampleBooks({ split: true });
    try {
      const { code, out } = await run([], { env: environment(split) });
      expect(code).toBe(0);
      expect(out).toMatch(/^4 databases, a snapshot of each$/m);
      expect(out).toMatch(/^ {2}127\.0\.0\.1:\d+\/test_\w+ {2}\S+Z {2}user$/m);
      expect(out).toMatch(/^Clean: \d+ checks over 7 orders and 7 ledger entries; 0 violations, 5 pending\.$/m);
    } finally {
      await split.drop();
    }
  });

  test('tells no secret', async () => {
    expect((await run([])).out).not.toContain(new URL(books.url).password);
  });

  test('is coloured on a terminal only, and not where NO_COLOR is set', async () => {
    const escape = String.fromCodePoint(27);
    expect((await run([])).out).not.toContain(escape);
    expect((await run([], { isTTY: true })).out).toContain(`${escape}[32m✓`);
    expect((await run([], { isTTY: true, env: { ...environment(), NO_COLOR: '1' } })).out).not.toContain(escape);
  });

  test('--help tells how', async () => {
    const { code, out } = await run(['--help'], { env: {} });
    expect({ code, usage: out.includes('Usage: npm run audit') }).toEqual({ code: 0, usage: true });
  });
});

describe('without books, npm run audit says in one line what to do, and exits with 2:', () => {
  test('the shop is not running', async () => {
    const folder = temporaryFolder();
    try {
      const { code, out, err } = await run([], { env: { DATA_DIR: folder.path } });
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toMatch(/^ordersaga: no shop runs on .*npm start.*\n$/);
    } finally {
      folder.remove();
    }
  });

  test.each([
    [
      'the database does not answer',
      { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' },
      /a database does not answer \(.*ECONNREFUSED.*\)/,
    ],
    ['a setting is wrong', { DATABASE_URL: 'mysql://there' }, /DATABASE_URL must be a PostgreSQL address/],
    ['the database does not exist', 'missing', /database "no_such_database" does not exist/],
  ] as const)('%s', async (_, setting, message) => {
    const env = setting === 'missing' ? { DATABASE_URL: books.url.replace(/[^/]+$/, 'no_such_database') } : setting;
    const { code, out, err } = await run([], { env });
    expect({ code, out, lines: err.trimEnd().split('\n').length }).toEqual({ code: 2, out: '', lines: 1 });
    expect(err).toMatch(message);
  });

  test('a time limit is none', async () => {
    const { code, err } = await run(['--time-limit', 'soon']);
    expect(code).toBe(2);
    expect(err).toBe('ordersaga: --time-limit must be a whole number of seconds. See: npm run audit -- --help\n');
  });

  test('an option is unknown', async () => {
    const { code, err } = await run(['--verbose']);
    expect(code).toBe(2);
    expect(err).toBe("ordersaga: Unknown option '--verbose'. See: npm run audit -- --help\n");
  });
});
