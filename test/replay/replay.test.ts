import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ReplayOptions } from '../../src/cli/replay/options.js';
import { SILENT } from '../../src/cli/replay/progress.js';
import { tableOf } from '../../src/cli/replay/report-table.js';
import type { Report } from '../../src/cli/replay/report.js';
import { runAudit } from '../../src/cli/replay/run-audit.js';
import { runReplay } from '../../src/cli/replay/run-replay.js';
import { OPERATOR } from '../support/client.js';
import { type TestShop, startShop } from '../support/shop.js';
import { forgetfulProxy } from './forgetful-proxy.js';
import { sumsOf } from './independent-sums.js';

const FILE = join(import.meta.dirname, '../../examples/online-retail-50-invoices.csv');
const sums = sumsOf(readFileSync(FILE, 'utf8'));

let shop: TestShop;
beforeAll(async () => {
  shop = await startShop({ CURRENCY: 'GBP' });
});
afterAll(() => shop.stop());

function replay(given: Partial<ReplayOptions> = {}, on = shop): Promise<Report> {
  const options = {
    file: FILE,
    ordersPerSecondMax: null,
    clients: 16,
    url: on.address,
    operator: OPERATOR,
    audit: true,
    json: null,
    ...given,
  };
  const audit = (paidOrders: number) => runAudit({ DATABASE_URL: on.databaseUrl }, paidOrders);
  return runReplay(options, { progress: SILENT, audit, say: () => {} });
}

function expectTheFilesFigures(report: Report): void {
  expect(report.differences).toEqual([]);
  expect(report.history).toMatchObject({ lines: sums.lines, invoices: sums.invoices, linesSold: sums.sold, orders: sums.orders });
  expect(report.history.products).toBe(sums.unitsByProduct.size);
  expect(report.orders).toEqual({ placed: sums.orders, paid: sums.orders, refused: [] });
  expect(report.money).toEqual({ paidInShop: Number(sums.pence), inFile: Number(sums.pence), ordersOfOtherAmount: 0 });
  expect(report.units).toEqual({ soldInShop: sums.units, inFile: sums.units });
  expect(report.stock).toEqual({ before: sums.units, after: 0, reserved: 0, optionsNotSoldOut: 0 });
  expect(report.balances).toEqual({ given: Number(sums.pence), left: 0, accountsNotEmpty: 0 });
  expect(report.audit).toMatchObject({ kind: 'clean' });
}

describe('the example file', () => {
  test('a new shop sells exactly what the file says, and so it does again', async () => {
    const fresh = await startShop({ CURRENCY: 'GBP' });
    onTestFinished(() => fresh.stop());
    const first = await replay({}, fresh);
    expectTheFilesFigures(first);
    const best = [...sums.unitsByProduct.values()].toSorted((a, b) => b - a);
    expect(first.top.items.map(({ salesCount }) => salesCount)).toEqual(best.slice(0, 10));
    expect(first.skipped.map(({ reason, lines }) => [reason, lines])).toEqual([
      ['cancellation invoice (C…)', 9],
      ['no goods', 4],
      ['quantity not positive', 1],
      ['price zero or negative', 1],
    ]);

    const second = await replay({ ordersPerSecondMax: 1_000, clients: 3 }, fresh);
    expectTheFilesFigures(second);
    expect(second.run).not.toBe(first.run);
    expect(tableOf(second)).toContain('Every figure of the shop is the file’s own.');
  });

  test('answers that get lost on the way double nothing', async () => {
    const proxy = await forgetfulProxy(shop.address);
    try {
      const report = await replay({ url: proxy.address });
      expectTheFilesFigures(report);
      expect(report.speed.repeats).toBeGreaterThanOrEqual(proxy.forgotten());
      expect(proxy.forgotten()).toBeGreaterThan(20);
    } finally {
      await proxy.stop();
    }
  });
});

describe('a shop that does not fit', () => {
  test('a shop in another currency is refused before anything is written to it', async () => {
    const inWon = await startShop({ CURRENCY: 'KRW' });
    try {
      await expect(replay({ url: inWon.address })).rejects.toThrow(/sells in KRW.*Start it with: CURRENCY=GBP npm start$/);
      expect((await inWon.api('GET', '/api/products')).body.items).toEqual([]);
    } finally {
      await inWon.stop();
    }
  });

  test('no shop at all, or another operator, is one clear line', async () => {
    await expect(replay({ url: 'http://127.0.0.1:9' })).rejects.toThrow(
      /^No shop answers at http:\/\/127\.0\.0\.1:9 .*Start one with: CURRENCY=GBP npm start$/,
    );
    await expect(replay({ operator: { email: OPERATOR.email, password: 'another password' } })).rejects.toThrow(
      /does not let operator@example\.com in/,
    );
  });
});

test('books that differ from the file are told', async () => {
  const report = await replay({ audit: false });
  expect(report.audit).toEqual({ kind: 'not-run', reason: '--no-audit' });
  const money = { ...report.money, paidInShop: report.money.paidInShop - 1 };
  const table = tableOf({ ...report, money, differences: ['the money paid is not that of the file'] });
  expect(table).toMatch(/Money.*DIFFERENT/);
  expect(table).toMatch(/DIFFERENT: the money paid is not that of the file\.$/);
});
