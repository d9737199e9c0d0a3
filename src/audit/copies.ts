import type { SnapshotSession } from '../database/snapshot-session.js';
import type { Books } from './books.js';
import { copyLogRows } from './log-rows.js';

/** What checks between domains read of a table: these columns, of these rows. */
interface Copied {
  readonly table: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly where?: string;
}

const OF_A_DOMAIN: Readonly<Record<string, readonly Copied[]>> = {
  product: [
    {
      table: 'stock_hold',
      columns: {
        order_id: 'bigint',
        product_option_id: 'bigint',
        quantity: 'bigint',
        expires_at: 'timestamptz',
        payment_id: 'bigint',
        state: 'text',
      },
    },
    { table: 'daily_sales', columns: { day: 'date', product_id: 'bigint', units: 'bigint' } },
  ],
  coupon: [
    { table: 'coupon', columns: { id: 'bigint', discount_rate: 'smallint' } },
    {
      table: 'user_coupon',
      columns: { id: 'bigint', coupon_id: 'bigint', user_id: 'bigint', state: 'text', order_id: 'bigint', payment_id: 'bigint' },
      where: `state = 'USED' OR order_id IS NOT NULL`,
    },
  ],
  user: [
    {
      table: 'ledger_entry',
      columns: { user_id: 'bigint', amount: 'bigint', code: 'text', payment_id: 'bigint' },
      where: 'payment_id IS NOT NULL',
    },
  ],
};

const PLACE = { topic: 'text', shard: 'smallint' };
const DELIVERY = { subscriber: 'text', ...PLACE, source: 'text' };

const OF_EVERY_DOMAIN: readonly Copied[] = [
  { table: 'event_cursor', columns: { ...DELIVERY, position: 'bigint' } },
  {
    table: 'event_parked',
    columns: {
      ...DELIVERY,
      position: 'bigint',
      event_id: 'text',
      subject: 'text',
      state: 'text',
      never_gives_up: 'boolean',
      next_attempt_at: 'timestamptz',
      parked_at: 'timestamptz',
    },
  },
  { table: 'dead_letter_action', columns: { subscriber: 'text', action: 'text', event: 'jsonb' }, where: `action = 'DISCARD'` },
];

/** Seen last (F3). Of a log only what somebody has parked, or should have handled: see `copyLogRows`. */
const HEAD: Copied = { table: 'event_log_head', columns: { ...PLACE, next_position: 'bigint' } };
const FLOOR: Copied = { table: 'event_log_floor', columns: { ...PLACE, first_position: 'bigint' } };
const LOG: Copied = { table: 'event_log', columns: { ...PLACE, position: 'bigint', event_id: 'text', time: 'timestamptz' } };

const copiedOf = (domain: string): readonly Copied[] => [...(OF_A_DOMAIN[domain] ?? []), ...OF_EVERY_DOMAIN];
const copyOf = (domain: string, table: string): string => `pg_temp.shop_${domain}_${table}`;

/** Temporary: whatever happens they end with the session, and no WAL is written for their rows. */
export const tablesForCopies = (domains: readonly string[]): string =>
  domains
    .flatMap((domain) =>
      [...copiedOf(domain), HEAD, FLOOR, LOG].map(({ table, columns }) => {
        const typed = Object.entries(columns).map(([name, type]) => `${name} ${type}`);
        return `CREATE TABLE ${copyOf(domain, table)} (${typed.join(', ')});`;
      }),
    )
    .join('\n');

/** Brings what checks between domains read from the other databases to the order domain's. */
export async function copyToHome({ home, others, logs }: Books, copied: (what: string) => void): Promise<void> {
  const moved = others.flatMap(({ domains }) => domains);
  const copy = async (domain: string, { table, columns, where = 'true' }: Copied, from: SnapshotSession): Promise<void> => {
    const query = `SELECT ${Object.keys(columns).join(', ')} FROM shop_${domain}.${table} WHERE ${where}`;
    await from.copy(query, home.session, copyOf(domain, table));
    await home.session.run(`ANALYZE ${copyOf(domain, table)}`);
    copied(`${domain}: ${table}`);
  };
  // One by one: a session takes in one table at a time.
  for (const { domains, session } of others) {
    for (const domain of domains) for (const table of copiedOf(domain)) await copy(domain, table, session);
  }
  for (const { domains, session } of logs) {
    for (const publisher of domains) {
      await copy(publisher, HEAD, session);
      await copy(publisher, FLOOR, session);
      await copyLogRows({ log: session, publisher, home: home.session, subscribers: [...home.domains, ...moved], copied: moved });
    }
    await session.close();
  }
}
