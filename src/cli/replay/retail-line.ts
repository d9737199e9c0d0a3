import type { Money } from '../../kernel/money.js';
import { readPounds } from './pounds.js';
import { ReplayError } from './replay-error.js';

/** The columns of the UCI "Online Retail" data set that matter here. Others, such as Country, may stand beside them. */
export const COLUMNS = ['InvoiceNo', 'StockCode', 'Description', 'Quantity', 'InvoiceDate', 'UnitPrice', 'CustomerID'] as const;

export type Column = (typeof COLUMNS)[number];

/** One line of an invoice, as the file has it. */
export interface RetailLine {
  readonly invoiceNo: string;
  readonly stockCode: string;
  readonly description: string;
  /** Negative on a return. */
  readonly quantity: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Of one piece; null when it is no whole number of pence. */
  readonly price: Money | null;
  /** Null: a guest. */
  readonly customerId: string | null;
}

// Both end up in idempotency keys and e-mail addresses.
const INVOICE_NO = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/;
const CUSTOMER_ID = /^[A-Za-z0-9](?:[A-Za-z0-9-]|\.(?!\.|$)){0,39}$/;
const STOCK_CODE = /^[^\p{Cc}]{1,100}$/u;
const WHOLE_NUMBER = /^-?\d{1,15}$/;
const ISO_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?$/;
const SHOWN_CHARACTERS_MAX = 40;

/**
 * @param field answers the text of a column
 * @param at where the line stands, such as `sales.csv, line 7`
 * @throws ReplayError naming line and column
 */
export function readRetailLine(field: (column: Column) => string, at: string): RetailLine {
  const text = (column: Column): string => field(column).trim();
  const matching = (column: Column, pattern: RegExp, wanted: string): string =>
    pattern.test(text(column)) ? text(column) : wrong(at, column, text(column), wanted);

  const customerId = text('CustomerID');
  return {
    invoiceNo: matching('InvoiceNo', INVOICE_NO, 'an invoice number of up to 40 letters and digits'),
    stockCode: matching('StockCode', STOCK_CODE, 'a product code of 1 to 100 characters'),
    description: text('Description'),
    quantity: Number(matching('Quantity', WHOLE_NUMBER, 'a whole number')),
    time: readTime(text('InvoiceDate')) ?? wrong(at, 'InvoiceDate', text('InvoiceDate'), 'an ISO 8601 time such as 2010-12-01T08:26:00Z'),
    price: readPrice(text('UnitPrice'), at),
    customerId:
      customerId === ''
        ? null
        : matching('CustomerID', CUSTOMER_ID, 'a customer number of up to 40 letters and digits, or nothing').toLowerCase(),
  };
}

function readPrice(text: string, at: string): Money | null {
  const price = readPounds(text);
  switch (price.kind) {
    case 'pence':
      return price.pence;
    case 'fraction':
      return null;
    case 'not-a-number':
      return wrong(at, 'UnitPrice', text, 'pounds with a decimal point, such as 2.55');
  }
}

/** Without a zone it is UTC, so that a file means the same everywhere. */
function readTime(text: string): number | null {
  const [, day, time, zone = 'Z'] = ISO_TIME.exec(text) ?? [];
  const milliseconds = Date.parse(`${day}T${time}${zone}`);
  return Number.isNaN(milliseconds) || !isDay(String(day)) ? null : milliseconds;
}

/** Date.parse takes 31 February for 3 March. */
const isDay = (text: string): boolean => new Date(`${text}T00:00Z`).toISOString().startsWith(text);

function wrong(at: string, column: Column, text: string, wanted: string): never {
  const shown = text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
  throw new ReplayError(`${at}, column ${column}: expected ${wanted}, not ${JSON.stringify(shown)}.`);
}
