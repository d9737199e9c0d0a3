import { type Money, NO_MONEY, add, money, times } from '../../kernel/money.js';
import type { RetailLine } from './retail-line.js';
import { type SkipReason, saleOrSkip } from './sale-or-skip.js';

/** The shop takes orders of up to 1,000 lines; a longer invoice becomes several orders. */
export const ORDER_LINES_MAX = 1_000;
const NAME_CHARACTERS_MAX = 200;

/** The price stands on the product in this shop, so one stock code at two prices is two products. */
export interface CatalogueItem {
  readonly stockCode: string;
  readonly name: string;
  readonly price: Money;
  /** All that the history sells of it. */
  readonly units: number;
}

export interface Customer {
  /** Unique, and fit for an e-mail address: `customer-17850`, `guest-536544`. */
  readonly key: string;
  readonly guest: boolean;
  readonly spends: Money;
}

export interface Invoice {
  /** Unique among the orders of a history. */
  readonly key: string;
  readonly customer: Customer;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly lines: readonly InvoiceLine[];
  readonly total: Money;
}

export interface InvoiceLine {
  readonly item: CatalogueItem;
  readonly quantity: number;
}

export interface Skipped {
  readonly reason: SkipReason;
  readonly lines: number;
  /** Invoices with at least one such line. */
  readonly invoices: number;
  readonly stockCodes: ReadonlyMap<string, number>;
}

/** What can be sold again, in the order of time, and what cannot. */
export interface History {
  readonly linesRead: number;
  readonly invoicesRead: number;
  readonly linesSold: number;
  readonly items: readonly CatalogueItem[];
  readonly customers: readonly Customer[];
  readonly invoices: readonly Invoice[];
  readonly skipped: readonly Skipped[];
  readonly total: Money;
  readonly units: number;
}

type Growing<T> = { -readonly [Key in keyof T]: T[Key] };
interface Draft {
  readonly invoiceNo: string;
  readonly customer: Growing<Customer>;
  time: number;
  readonly quantities: Map<Growing<CatalogueItem>, number>;
}

/** Sorts the lines of a retail history into catalogue, customers and invoices. Guests become a customer per invoice. */
export function historyOf(lines: readonly RetailLine[]): History {
  const items = new Map<string, Growing<CatalogueItem>>();
  const customers = new Map<string, Growing<Customer>>();
  const drafts = new Map<string, Draft>();
  const skipped = new Map<SkipReason, { lines: number; invoices: Set<string>; stockCodes: Map<string, number> }>();

  const skip = (reason: SkipReason, { invoiceNo, stockCode }: RetailLine): void => {
    const group = getOrPut(skipped, reason, () => ({ lines: 0, invoices: new Set(), stockCodes: new Map() }));
    group.lines += 1;
    group.invoices.add(invoiceNo);
    group.stockCodes.set(stockCode, (group.stockCodes.get(stockCode) ?? 0) + 1);
  };

  let linesSold = 0;
  for (const line of lines) {
    const sale = saleOrSkip(line);
    if (typeof sale === 'string') {
      skip(sale, line);
      continue;
    }
    linesSold += 1;
    const { stockCode, quantity, price } = sale;
    const item = getOrPut(items, `${stockCode}\n${price}`, () => ({ stockCode, name: stockCode, price, units: 0 }));
    // Later lines may know a better name than an empty text or a question mark.
    if (item.name === stockCode) item.name = nameOf(line.description) ?? stockCode;
    item.units += quantity;

    const customerKey = line.customerId === null ? `guest-${line.invoiceNo.toLowerCase()}` : `customer-${line.customerId}`;
    const customer = getOrPut(customers, customerKey, () => ({ key: customerKey, guest: line.customerId === null, spends: NO_MONEY }));
    customer.spends = add(customer.spends, times(price, quantity));

    // A clerk's slip may put two customers on one number: these are two orders.
    const draft = getOrPut(drafts, `${line.invoiceNo}/${customerKey}`, () => ({
      invoiceNo: line.invoiceNo,
      customer,
      time: line.time,
      quantities: new Map(),
    }));
    draft.time = Math.min(draft.time, line.time);
    draft.quantities.set(item, (draft.quantities.get(item) ?? 0) + quantity);
  }

  const catalogue = [...items.values()];
  return {
    linesRead: lines.length,
    invoicesRead: new Set(lines.map(({ invoiceNo }) => invoiceNo)).size,
    linesSold,
    items: catalogue,
    customers: [...customers.values()],
    // The sort is stable: within one minute the order of the file decides.
    invoices: [...drafts.values()].toSorted((a, b) => a.time - b.time).flatMap(ordersOf),
    skipped: [...skipped].map(([reason, group]) => ({ reason, ...group, invoices: group.invoices.size })),
    total: money(catalogue.reduce((total, { price, units }) => total + price * BigInt(units), 0n)),
    units: catalogue.reduce((total, { units }) => total + units, 0),
  };
}

function ordersOf({ invoiceNo, customer, time, quantities }: Draft): Invoice[] {
  const lines = [...quantities].map(([item, quantity]) => ({ item, quantity }));
  const orders: Invoice[] = [];
  for (let from = 0; from < lines.length; from += ORDER_LINES_MAX) {
    const part = lines.slice(from, from + ORDER_LINES_MAX);
    const total = money(part.reduce((sum, { item, quantity }) => sum + item.price * BigInt(quantity), 0n));
    orders.push({ key: `${invoiceNo}/${customer.key}/${orders.length + 1}`, customer, time, lines: part, total });
  }
  return orders;
}

/** Null when nobody could read it as a name: empty, `?`, `??? missing` has letters and stays. */
function nameOf(description: string): string | null {
  const name = description
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, NAME_CHARACTERS_MAX)
    .trim()
    .toWellFormed();
  return /[\p{L}\p{N}]/u.test(name) ? name : null;
}

function getOrPut<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
