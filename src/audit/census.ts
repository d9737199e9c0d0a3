import { type Queryable, type Statement, sql } from '../database/database.js';

/** How much there is of everything that the checks go through, in the audit's own snapshots. */
export interface Census {
  readonly accounts: number;
  readonly ledgerEntries: number;
  readonly chargedPayments: number;
  readonly options: number;
  readonly receipts: number;
  readonly holds: number;
  readonly orders: number;
  readonly paidOrders: number;
  readonly orderLines: number;
  readonly payments: number;
  readonly coupons: number;
  readonly userCoupons: number;
  readonly usedCoupons: number;
  readonly rankedDays: number;
  readonly events: number;
  readonly cursors: number;
  readonly acknowledgements: number;
  readonly deliveredLines: number;
}

/** How the report calls them. */
export const CENSUS_NAMES: Readonly<Record<keyof Census, string>> = {
  accounts: 'accounts',
  ledgerEntries: 'ledger entries',
  chargedPayments: 'charged payments',
  options: 'product options',
  receipts: 'stock receipts',
  holds: 'stock holds',
  orders: 'orders',
  paidOrders: 'paid orders',
  orderLines: 'order lines',
  payments: 'payments',
  coupons: 'coupons',
  userCoupons: 'issued coupons',
  usedCoupons: 'used coupons',
  rankedDays: 'ranked days of products',
  events: 'events',
  cursors: 'cursors',
  acknowledgements: 'acknowledgements of the data platform',
  deliveredLines: 'lines for the data platform',
};

export const NOBODY_COUNTED = Object.fromEntries(Object.keys(CENSUS_NAMES).map((name) => [name, 0])) as unknown as Census;

const COUNTS: Readonly<Record<string, string>> = {
  user: `(SELECT count(*) FROM shop_user.account) AS "accounts",
       (SELECT count(*) FROM shop_user.ledger_entry) AS "ledgerEntries",
       (SELECT count(*) FROM shop_user.ledger_entry WHERE code = 'PAYMENT') AS "chargedPayments"`,
  product: `(SELECT count(*) FROM shop_product.product_option) AS "options",
       (SELECT count(*) FROM shop_product.stock_receipt) AS "receipts",
       (SELECT count(*) FROM shop_product.stock_hold) AS "holds",
       (SELECT count(*) FROM shop_product.daily_sales) AS "rankedDays"`,
  order: `(SELECT count(*) FROM shop_order.orders) AS "orders",
       (SELECT count(*) FROM shop_order.orders WHERE status = 'PAID') AS "paidOrders",
       (SELECT count(*) FROM shop_order.order_line) AS "orderLines",
       (SELECT count(*) FROM shop_order.payment_attempt) AS "payments",
       (SELECT count(*) FROM shop_order.data_platform_ack) AS "acknowledgements"`,
  coupon: `(SELECT count(*) FROM shop_coupon.coupon) AS "coupons",
       (SELECT count(*) FROM shop_coupon.user_coupon) AS "userCoupons",
       (SELECT count(*) FROM shop_coupon.user_coupon WHERE state = 'USED') AS "usedCoupons"`,
};

/** Counts what one database has of these domains. */
export async function countIn(database: Queryable, domains: readonly string[]): Promise<Partial<Census>> {
  const [counted] = await database.query<Partial<Census>>(censusOf(domains));
  return counted ?? {};
}

export function sumOf(counts: readonly Partial<Census>[]): Census {
  const total = { ...NOBODY_COUNTED } as Record<keyof Census, number>;
  for (const [name, count] of counts.flatMap((each) => Object.entries(each) as [keyof Census, number][])) total[name] += count;
  return total;
}

function censusOf(domains: readonly string[]): Statement {
  const total = (table: string): string => domains.map((domain) => `(SELECT count(*) FROM shop_${domain}.${table})`).join(' + ');
  const counts = domains.flatMap((domain) => COUNTS[domain] ?? []);
  return sql(
    'audit.census',
    `SELECT ${[...counts, `(${total('event_log')})::bigint AS "events"`, `(${total('event_cursor')})::bigint AS "cursors"`].join(',\n       ')}`,
  );
}
