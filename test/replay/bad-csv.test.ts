import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCsv } from '../../src/cli/replay/read-csv.js';
import { ReplayError } from '../../src/cli/replay/replay-error.js';

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n';
const LINE = '536365,85123A,A HEART,6,2010-12-01T08:26:00Z,2.55,17850,United Kingdom\n';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ordersaga-csv-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(content: string | Buffer) {
  const path = join(folder, 'sales.csv');
  await writeFile(path, content);
  return readCsv(path);
}

test.each<[string, string]>([
  ['as it should be', HEADER + LINE],
  ['with Windows line ends', (HEADER + LINE).replaceAll('\n', '\r\n')],
  ['with a byte order mark', `\uFEFF${HEADER}${LINE}`],
  ['with empty lines', `${HEADER}\n${LINE}\n\n`],
  ['without a last line end', HEADER + LINE.trimEnd()],
  ['with a space in the time', HEADER + LINE.replace('T08', ' 08')],
  [
    'with other columns in another order',
    `Note,CustomerID,UnitPrice,InvoiceDate,Quantity,Description,StockCode,InvoiceNo\n,17850,2.55,2010-12-01T08:26:00Z,6,A HEART,85123A,536365\n`,
  ],
])('a file %s is read', async (_, content) => {
  expect(await read(content)).toEqual([
    {
      invoiceNo: '536365',
      stockCode: '85123A',
      description: 'A HEART',
      quantity: 6,
      time: Date.parse('2010-12-01T08:26:00Z'),
      price: 255n,
      customerId: '17850',
    },
  ]);
});

test('commas, quotes and line ends in quoted text are text', async () => {
  const [line] = await read(HEADER + LINE.replace('A HEART', '"A ""HEART"", RED\nAND BLUE"'));
  expect(line?.description).toBe('A "HEART", RED\nAND BLUE');
});

const BAD: readonly [string, string | Buffer, string][] = [
  ['an empty file', '', 'sales.csv has no lines: it is empty.'],
  ['a header alone', HEADER, 'sales.csv has no lines below its header.'],
  ['a missing column', HEADER.replace('UnitPrice', 'Price') + LINE, 'sales.csv, line 1: the header lacks the column UnitPrice.'],
  ['no header', LINE, 'sales.csv, line 1: the header lacks the columns InvoiceNo, StockCode,'],
  ['a line with fewer columns', `${HEADER}${LINE}536366,71053\n`, 'sales.csv, line 3: 2 columns, but the header has another number.'],
  ['an unquoted comma', HEADER + LINE.replace('A HEART', 'A HEART, RED'), 'sales.csv, line 2: 9 columns, but'],
  [
    'an open quote',
    `${HEADER}${LINE}${LINE.replace('A HEART', '"A HEART')}${LINE}`,
    'sales.csv, line 3: a quote is opened here and closed nowhere.',
  ],
  ['a stray quote', HEADER + LINE.replace('A HEART', 'A 15" HEART'), 'sales.csv, line 2: a quote in the middle of a text.'],
  [
    'a quantity with decimals',
    HEADER + LINE + LINE.replace(',6,', ',6.5,'),
    'sales.csv, line 3, column Quantity: expected a whole number, not "6.5".',
  ],
  [
    'a price in words',
    HEADER + LINE.replace('2.55', 'free'),
    'sales.csv, line 2, column UnitPrice: expected pounds with a decimal point, such as 2.55, not "free".',
  ],
  [
    'an American date',
    HEADER + LINE.replace('2010-12-01T08:26:00Z', '12/1/2010 8:26'),
    'sales.csv, line 2, column InvoiceDate: expected an ISO 8601 time',
  ],
  [
    'a day that does not exist',
    HEADER + LINE.replace('2010-12-01', '2010-02-30'),
    'sales.csv, line 2, column InvoiceDate: expected an ISO 8601 time',
  ],
  ['no invoice number', HEADER + LINE.replace('536365', ''), 'sales.csv, line 2, column InvoiceNo: expected an invoice number'],
  ['no product code', HEADER + LINE.replace('85123A', ' '), 'sales.csv, line 2, column StockCode: expected a product code'],
  [
    'a customer that is no number',
    HEADER + LINE.replace('17850', 'Mr Smith'),
    'sales.csv, line 2, column CustomerID: expected a customer number',
  ],
  [
    'Latin-1',
    Buffer.concat([Buffer.from(HEADER + LINE), Buffer.from(LINE.replace('HEART', '£ HEART'), 'latin1')]),
    'sales.csv, line 3: not UTF-8 text.',
  ],
  ['UTF-16', Buffer.from(`\uFEFF${HEADER}${LINE}`, 'utf16le'), 'sales.csv, line 1: not UTF-8 text.'],
  ['no CSV at all', Buffer.from([0, 1, 2, 3, 10, 65]), 'sales.csv, line 1: the header lacks the columns'],
  ['a line without end', HEADER + LINE.replace('A HEART', 'A'.repeat(70_000)), 'sales.csv, line 2: longer than 65536 characters.'],
];

test.each(BAD)('%s gets one line that says where', async (_, content, message) => {
  const error: unknown = await read(content).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ReplayError);
  expect((error as ReplayError).message).toContain(message);
  expect((error as ReplayError).message).not.toContain('\n');
});

test('a file that is not there, or a folder, is told', async () => {
  await expect(readCsv(join(folder, 'none.csv'))).rejects.toThrow(/none\.csv: there is no such file\.$/);
  await expect(readCsv(folder)).rejects.toThrow(/is a folder, not a CSV file\.$/);
});
