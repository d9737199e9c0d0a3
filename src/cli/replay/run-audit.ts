import { audit } from '../../audit/audit.js';
import { auditAtRest } from '../../audit/audit-at-rest.js';
import { CannotAudit } from '../../audit/books.js';
import type { AuditReport } from '../../audit/report.js';
import { ConfigError } from '../../config/config.js';
import { Unavailable } from '../../kernel/faults.js';
import { findShopDatabase } from '../shop-database.js';

const COMING_TO_REST_MS_MAX = 5_000;

/** What the auditor says of the shop's books. */
export type AuditOutcome =
  | { readonly kind: 'clean'; readonly summary: string }
  | { readonly kind: 'violations'; readonly summary: string; readonly violations: readonly string[] }
  | { readonly kind: 'not-run'; readonly reason: string };

/**
 * Audits the database that the environment names.
 * @param paidOrders how many this run has paid: a database with fewer is some other shop's
 */
export async function runAudit(env: NodeJS.ProcessEnv, paidOrders: number): Promise<AuditOutcome> {
  try {
    const database = await findShopDatabase(env);
    if (!database) return notRun('the shop’s database is not to be found from here. Set DATA_DIR or DATABASE_URL as for npm start');
    const report = await auditAtRest(() => audit(database), COMING_TO_REST_MS_MAX);
    if (report.census.paidOrders < paidOrders) {
      return notRun(`${database.name} is another shop’s. Set DATA_DIR or DATABASE_URL as for npm start`);
    }
    return outcomeOf(report);
  } catch (error) {
    if (error instanceof CannotAudit || error instanceof ConfigError) return notRun(error.message);
    if (error instanceof Unavailable) return notRun('the database does not answer');
    throw error;
  }
}

const notRun = (reason: string): AuditOutcome => ({ kind: 'not-run', reason });

function outcomeOf({ clean, checks, violations, pending }: AuditReport): AuditOutcome {
  const summary = `${clean ? 'clean' : 'NOT CLEAN'}: ${checks.length} checks, ${violations} violations, ${pending} pending`;
  if (clean) return { kind: 'clean', summary };
  const found = checks.flatMap((check) => check.violations.listed.map(({ sentence }) => `${check.id} ${sentence}`));
  return { kind: 'violations', summary, violations: found };
}
