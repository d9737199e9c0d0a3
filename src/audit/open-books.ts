import { sql } from '../database/database.js';
import { SnapshotSession } from '../database/snapshot-session.js';
import { type Addresses, type Book, type Books, AuditInProgress, CannotAudit } from './books.js';
import { tablesForCopies } from './copies.js';
import { MOVING_ORDERS, MOVING_ORDERS_TABLE, OLDEST_WRITER } from './moving-orders.js';

interface Connected {
  readonly name: string;
  readonly url: string;
  readonly domains: readonly string[];
  readonly session: SnapshotSession;
}

const DOMAINS = ['order', 'product', 'coupon', 'user'];
const APPLICATION_NAME = 'ordersaga audit';

/**
 * Opens the books, hands them to `work`, and closes them, whatever happens.
 *
 * No snapshot spans two databases. What they say of each other is comparable all the same, because of the order in which they are taken:
 *
 * F1: each database is seen in one snapshot, so what its own domains say of each other is no question of timing.
 * F2: in four steps, each after all of the one before: 1. which transaction of the order database is the oldest one under
 *     way; 2. snapshots of all other databases; 3. the snapshot of the order database; 4. second snapshots of the others, for their logs.
 * F3: every subscriber (2, 3) is seen before every log that it reads (3, 4). So no effect is seen without its event, and
 *     an effect that is missing has its event behind the subscriber's cursor, or parked.
 * F4: what a payment did elsewhere (2) is judged by its order (3) only if neither the order nor its payments were written
 *     since (1): then they were the same at the moment of (2), too. What was written since is in motion, and pending.
 * F5: no clock decides what happened first. Deadlines are compared with the latest of the clocks.
 */
export async function withBooks<T>(
  where: Addresses,
  {
    timeMsMax,
    oneAtATime,
    temporaryTables,
  }: { readonly timeMsMax: number; readonly oneAtATime: boolean; readonly temporaryTables: string },
  work: (books: Books) => Promise<T>,
): Promise<T> {
  const sessions: SnapshotSession[] = [];
  const connect = async (url: string): Promise<SnapshotSession> => {
    const session = await SnapshotSession.connect({ url, name: APPLICATION_NAME, timeMsMax });
    sessions.push(session);
    return session;
  };
  try {
    const [home, ...others] = await connectAll(where, connect);
    if (oneAtATime) await beTheOnlyOne(home.session);
    const late = await all(others.map(async (other) => ({ ...other, session: await connect(other.url) })));
    if (temporaryTables !== '') await home.session.run(temporaryTables);
    return await work(await takeSnapshots(home, others, late));
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
  }
}

/** The lock ends with the session, so whoever dies with it holds up nobody. */
async function beTheOnlyOne(session: SnapshotSession): Promise<void> {
  const [answer] = await session.query<{ locked: boolean }>(TRY_LOCK);
  if (!answer?.locked) throw new AuditInProgress('an audit is running already; ask again when it is through');
}

/** The order domain's database first. */
async function connectAll(where: Addresses, connect: (url: string) => Promise<SnapshotSession>): Promise<[Connected, ...Connected[]]> {
  const urls = [...new Set([where.url, ...Object.values(where.domainUrls ?? {})])];
  const found = await all(urls.map((url) => lookInto(url, where, connect)));
  for (const domain of [...DOMAINS, ...Object.keys(where.domainUrls ?? {})]) {
    if (!found.some(({ domains }) => domains.includes(domain))) throw noTablesOf(domain, where);
  }
  const home = found.find(({ domains }) => domains.includes('order')) as Connected;
  return [home, ...found.filter((other) => other !== home && other.domains.length > 0)];
}

/** What lives there now; a domain that has moved away may have left its tables. */
async function lookInto(url: string, where: Addresses, connect: (url: string) => Promise<SnapshotSession>): Promise<Connected> {
  const session = await connect(url);
  const schemas = await session.query<{ domain: string }>(DOMAINS_HERE);
  const domains = schemas.map(({ domain }) => domain).filter((domain) => (where.domainUrls?.[domain] ?? where.url) === url);
  return { name: nameOf(url), url, domains, session };
}

/** F2. */
async function takeSnapshots(home: Connected, others: readonly Connected[], late: readonly Connected[]): Promise<Books> {
  const take = async ({ name, domains, session }: Connected): Promise<Book> => ({ name, domains, session, at: await session.take() });
  if (others.length === 0) return withClock({ home: await take(home), others: [], logs: [] });

  await home.session.run(`${MOVING_ORDERS_TABLE}; ${tablesForCopies(others.flatMap(({ domains }) => domains))}`);
  const [oldest] = await home.session.query<{ xid: string }>(OLDEST_WRITER);
  const othersTaken = await all(others.map(take));
  const homeTaken = await take(home);
  const logs = await all(late.map(take));
  await home.session.query(MOVING_ORDERS, [oldest?.xid]);
  return withClock({ home: homeTaken, others: othersTaken, logs });
}

/** F5. Those of step 4 need not be asked: nothing that has a deadline is read from them. */
async function withClock(books: Books): Promise<Books> {
  const everywhere = [books.home, ...books.others];
  // Dates have milliseconds, the clocks microseconds.
  const latest = new Date(Math.max(...everywhere.map(({ at }) => at.getTime())) + 1);
  // Each database is told once, at the same time.
  const tell = ({ session }: Book): Promise<unknown> => session.query(SET_CLOCK, [latest.toISOString()]);
  await Promise.all(everywhere.map(tell));
  return books;
}

const DOMAINS_HERE = sql(
  'audit.domains-here',
  // Domains whose tables are all there: of those of messaging, the last one made is that of parked events.
  `SELECT substr(schemaname, 6) AS domain FROM pg_tables WHERE schemaname LIKE 'shop\\_%' AND tablename = 'event_parked' ORDER BY schemaname`,
);

const TRY_LOCK = sql('audit.try-lock', `SELECT pg_try_advisory_lock(hashtextextended('ordersaga audit', 0)) AS locked`);

const SET_CLOCK = sql('audit.set-clock', `SELECT set_config('audit.now', $1, false)`);

function noTablesOf(domain: string, { url, domainUrls }: Addresses): CannotAudit {
  const name = nameOf(domainUrls?.[domain] ?? url);
  return new CannotAudit(`no shop has been opened on ${name} (no tables of ${domain}). Run: npm start`);
}

/** Host and database; without user and password. */
function nameOf(databaseUrl: string): string {
  const { host, pathname } = new URL(databaseUrl);
  return `${host}${pathname}`;
}

/** Like `Promise.all`, but fails only when all have ended: whoever is still connecting would be forgotten. */
async function all<T>(running: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(running);
  return Promise.all(running);
}
