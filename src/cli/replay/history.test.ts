import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { money } from '../../kernel/money.js';
import { historyOf } from './history.js';
import type { RetailLine } from './retail-line.js';

const line = (given: Partial<RetailLine>): RetailLine => ({
  invoiceNo: '536365',
  stockCode: '85123A',
  description: 'WHITE HANGING HEART T-LIGHT HOLDER',
  quantity: 6,
  time: Date.parse('2010-12-01T08:26:00Z'),
  price: money(255),
  customerId: '17850',
  ...given,
});

describe('the catalogue', () => {
  test('one stock code at two prices is two products', () => {
    const { items } = historyOf([line({ price: money(255) }), line({ price: money(295), quantity: 2 })]);
    expect(items).toEqual([
      { stockCode: '85123A', name: 'WHITE HANGING HEART T-LIGHT HOLDER', price: 255n, units: 6 },
      { stockCode: '85123A', name: 'WHITE HANGING HEART T-LIGHT HOLDER', price: 295n, units: 2 },
    ]);
  });

  test.each(['', '?', ' ?? ', '-'])('a description like %j gives way to the stock code', (description) => {
    expect(historyOf([line({ description })]).items[0]?.name).toBe('85123A');
  });

  test('a later line may know the name', () => {
    expect(historyOf([line({ description: '?' }), line({ description: ' RED\t RETROSPOT ' })]).items[0]?.name).toBe('RED RETROSPOT');
  });

  test('a name has no control characters and is not longer than the shop takes', () => {
    const [item] = historyOf([line({ description: `A\u0000B${'😀'.repeat(200)}` })]).items;
    expect(item?.name).toMatch(/^A B/);
    expect(item?.name.length).toBeLessThanOrEqual(200);
    expect(item?.name.isWellFormed()).toBe(true);
  });
});

describe('invoices', () => {
  test('repeated lines of one product add up', () => {
    const { invoices, linesSold } = historyOf([line({ quantity: 6 }), line({ quantity: 1 })]);
    expect(invoices.map(({ lines, total }) => ({ quantities: lines.map(({ quantity }) => quantity), total }))).toEqual([
      { quantities: [7], total: 1_785n },
    ]);
    expect(linesSold).toBe(2);
  });

  test('they come in the order of time, and of the file within a minute', () => {
    const at = (minute: string) => Date.parse(`2010-12-01T08:${minute}:00Z`);
    const { invoices } = historyOf([
      line({ invoiceNo: '3', time: at('30') }),
      line({ invoiceNo: '2', time: at('20') }),
      line({ invoiceNo: '1', time: at('20') }),
    ]);
    expect(invoices.map(({ key }) => key.split('/')[0])).toEqual(['2', '1', '3']);
  });

  test('an invoice of more than 1,000 products becomes several orders', () => {
    const lines = Array.from({ length: 1_001 }, (_, index) => line({ stockCode: String(20_000 + index), quantity: 1, price: money(1) }));
    const { invoices } = historyOf(lines);
    expect(invoices.map((invoice) => invoice.lines.length)).toEqual([1_000, 1]);
    expect(new Set(invoices.map(({ key }) => key)).size).toBe(2);
  });

  test('two customers on one invoice number are two orders', () => {
    const { invoices } = historyOf([line({ customerId: '1' }), line({ customerId: '2' })]);
    expect(invoices.map(({ customer }) => customer.key)).toEqual(['customer-1', 'customer-2']);
  });
});

describe('customers', () => {
  test('guests become a customer per invoice', () => {
    const { customers } = historyOf([
      line({ invoiceNo: '1', customerId: null }),
      line({ invoiceNo: '1', customerId: null, stockCode: '71053' }),
      line({ invoiceNo: '2', customerId: null }),
    ]);
    expect(customers).toEqual([
      { key: 'guest-1', guest: true, spends: 3_060n },
      { key: 'guest-2', guest: true, spends: 1_530n },
    ]);
  });
});

describe('skipped lines', () => {
  test.each<[string, Partial<RetailLine>, string]>([
    ['a cancellation', { invoiceNo: 'C536379', quantity: -1 }, 'cancellation'],
    ['postage', { stockCode: 'POST' }, 'no-goods'],
    ['a manual correction in small letters', { stockCode: 'm' }, 'no-goods'],
    ['bank charges at a price of zero', { stockCode: 'BANK CHARGES', price: money(0) }, 'no-goods'],
    ['a loss', { quantity: -10, price: money(0) }, 'quantity'],
    ['a quantity of zero', { quantity: 0 }, 'quantity'],
    ['a gift', { price: money(0) }, 'price'],
    ['a negative price', { price: money(-1) }, 'price'],
    ['a price in fractions of a penny', { price: null }, 'fraction'],
    ['more pieces than a line can have', { quantity: 1_000_001 }, 'limit'],
    ['a price beyond the limit', { price: money(1_000_000_001) }, 'limit'],
  ])('%s is skipped', (_, given, reason) => {
    const { skipped, invoices, linesSold } = historyOf([line(given)]);
    expect(skipped.map((group) => [group.reason, group.lines, group.invoices])).toEqual([[reason, 1, 1]]);
    expect([invoices.length, linesSold]).toEqual([0, 0]);
  });

  test('they are counted by reason, invoice and stock code', () => {
    const { skipped } = historyOf([line({ stockCode: 'POST' }), line({ stockCode: 'POST' }), line({ stockCode: 'M', invoiceNo: '2' })]);
    expect(skipped).toEqual([
      {
        reason: 'no-goods',
        lines: 3,
        invoices: 2,
        stockCodes: new Map([
          ['POST', 2],
          ['M', 1],
        ]),
      },
    ]);
  });
});

const anyLine: fc.Arbitrary<RetailLine> = fc.record({
  invoiceNo: fc.constantFrom('1', '2', '3', 'C4'),
  stockCode: fc.constantFrom('20001', '20002', 'POST'),
  description: fc.constantFrom('', '?', 'A MUG'),
  quantity: fc.integer({ min: -3, max: 50 }),
  time: fc.integer({ min: 0, max: 3 }),
  price: fc.oneof(fc.constant(null), fc.integer({ min: -1, max: 400 }).map(money)),
  customerId: fc.constantFrom(null, '17850', '13047'),
});

test('whatever the lines, each is sold or skipped, and all views add up to the same', () => {
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 60 }), (lines) => {
      const history = historyOf(lines);
      const skipped = history.skipped.reduce((sum, group) => sum + group.lines, 0);
      expect(history.linesSold + skipped).toBe(lines.length);

      const sold = lines.filter(
        ({ invoiceNo, stockCode, quantity, price }) =>
          invoiceNo !== 'C4' && stockCode !== 'POST' && quantity > 0 && price !== null && price > 0n,
      );
      expect(history.units).toBe(sold.reduce((sum, { quantity }) => sum + quantity, 0));
      expect(history.total).toBe(sold.reduce((sum, { quantity, price }) => sum + BigInt(quantity) * (price ?? 0n), 0n));
      expect(history.invoices.reduce((sum, { total }) => sum + total, 0n)).toBe(history.total);
      expect(history.customers.reduce((sum, { spends }) => sum + spends, 0n)).toBe(history.total);
      expect(history.invoices.flatMap((invoice) => invoice.lines).reduce((sum, { quantity }) => sum + quantity, 0)).toBe(history.units);

      expect(history.invoices.map(({ time }) => time)).toEqual(history.invoices.map(({ time }) => time).toSorted((a, b) => a - b));
      expect(new Set(history.invoices.map(({ key }) => key)).size).toBe(history.invoices.length);
    }),
  );
});
