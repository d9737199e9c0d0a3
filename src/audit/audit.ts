import { Database, type PgTransaction, sql } from '../database/database.js';
import { CENSUS_NAMES, type Census, censusOf } from './census.js';
import type { Check, FindingRow } from './check.js';
import { checksFor } from './checks/all.js';
import type { AuditReport, CheckReport, Findings } from './report.js';

export interface AuditOptions {
  readonly url: string;
  /** `DATABASE_URL_<DOMAIN>`, as for the shop. */
  readonly domainUrls?: Readonly<Record<string, string>>;
  /** Also refuse what is pending: for a shop where nothing is under way. */
  readonly settled?: boolean;
}

/** The books cannot be read, so nothing is known about them. The message tells the remedy. */
export class CannotAudit extends Error {
  override readonly name = 'CannotAudit';
}

const DOMAINS = ['order', 'product', 'coupon', 'user'];

/**
 * Checks the shop's books against the invariants of the design, all in one snapshot.
 *
 * B1: every statement sees the same snapshot, so what one domain has and another has not is no question of timing.
 * B2: only reads, and without row locks: no writer waits, and the audit waits for none.
 * B3: what a running shop may leave half done for a moment is pending, and no violation; the tables tell which it is.
 *
 * @throws CannotAudit when there are no books, or when domains have databases of their own; Unavailable when the
 *   database does not answer.
 */
export async function audit(options: AuditOptions | string): Promise<AuditReport> {
  const { url, domainUrls = {}, settled = false } = typeof options === 'string' ? { url: options } : options;
  const elsewhere = DOMAINS.filter((domain) => (domainUrls[domain] ?? url) !== url);
  if (elsewhere.length > 0) {
    // No snapshot spans two databases.
    throw new CannotAudit(
      `${elsewhere.join(', ')} in a database of its own: this version audits only shops whose domains share one database.`,
    );
  }
  // A connection of its own: payments never wait for one that an audit holds.
  const database = new Database({ url, poolConnectionsMax: 1 });
  try {
    return await database.transaction('audit', (tx) => auditSnapshot(tx, settled));
  } finally {
    await database.close();
  }
}

async function auditSnapshot(tx: PgTransaction, settled: boolean): Promise<AuditReport> {
  await tx.query(ONE_SNAPSHOT);
  const schemas = (await tx.query<{ schema: string }>(SCHEMAS)).map(({ schema }) => schema);
  const missing = DOMAINS.filter((domain) => !schemas.includes(`shop_${domain}`));
  if (missing.length > 0) {
    throw new CannotAudit(`no shop has been opened on this database (no tables of ${missing.join(', ')}). Run: npm start`);
  }

  const [counted] = await tx.query<Census & { at: Date }>(censusOf(schemas));
  if (!counted) throw new Error('the census answered nothing');
  const { at, ...census } = counted;
  const checks: CheckReport[] = [];
  for (const check of checksFor(schemas)) {
    // oxlint-disable-next-line no-await-in-loop -- a connection runs one statement at a time
    checks.push(reportOf(check, census, await tx.query<FindingRow>(check.statement)));
  }

  const violations = checks.reduce((total, check) => total + check.violations.total, 0);
  const pending = checks.reduce((total, check) => total + check.pending.total, 0);
  return { at: at.toISOString(), clean: violations === 0 && !(settled && pending > 0), violations, pending, census, checks };
}

const ONE_SNAPSHOT = sql('audit.one-snapshot', 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');

/** Domains whose tables are all there: of those of messaging, the last one made is that of parked events. */
const SCHEMAS = sql(
  'audit.schemas',
  `SELECT schemaname AS schema FROM pg_tables WHERE schemaname LIKE 'shop\\_%' AND tablename = 'event_parked' ORDER BY schemaname`,
);

function reportOf({ id, title, examines }: Check, census: Census, rows: readonly FindingRow[]): CheckReport {
  return {
    id,
    title,
    examined: census[examines],
    examinedWhat: CENSUS_NAMES[examines],
    violations: findings(rows.filter(({ pending }) => !pending)),
    pending: findings(rows.filter(({ pending }) => pending)),
  };
}

const findings = (rows: readonly FindingRow[]): Findings => ({
  total: rows[0]?.total ?? 0,
  listed: rows.map(({ sentence, facts }) => ({ sentence, facts })),
});
