import { type Statement, sql } from '../database/database.js';
import type { Census } from './census.js';

/** At most this many findings of each kind are listed per check; the total is always told. */
export const FINDINGS_LISTED_MAX = 100;

/** The latest of the databases' clocks when their snapshots were taken (F5): whatever they show had happened by then. */
export const NOW = `current_setting('audit.now')::timestamptz`;

/** One thing that must hold, as a query that finds everything of which it does not. */
export interface Check {
  /** The invariant of the design (§11) and, behind the dot, which consequence of it. Checks of one id are reported as one. */
  readonly id: `${1 | 2 | 3 | 4 | 5 | 6 | 7}.${number}`;
  /** What holds when nothing is found. */
  readonly title: string;
  /** What the query goes through: where there are none of these, finding nothing proves nothing. */
  readonly examines: keyof Census;
  /** Whose tables it reads: where these share a database, it runs there. */
  readonly reads: readonly string[];
  /** A query of (`subject` bigint: the order of the list, `pending`, `sentence`, `facts` jsonb), one row per finding. Null: there is nothing to look into. */
  readonly findings: string | null;
}

/** A row of every check's answer. */
export interface FindingRow {
  /** True: not at rest, and allowed to be so while work is under way. False: wrong, whatever is under way. */
  readonly pending: boolean;
  readonly sentence: string;
  readonly facts: Readonly<Record<string, number | string | null>>;
  readonly total: number;
}

/** The check over tables that stand side by side. Its answer is bounded. */
export const statementOf = ({ id, findings }: Check, number: number): Statement | null =>
  findings === null ? null : sql(`audit.${id}.${number}`, bounded(findings));

/**
 * The check over tables of several databases, some of which are copies beside the order domain's own.
 *
 * @param copied domains whose tables are copies.
 */
export function statementOverCopies({ id, findings }: Check, copied: readonly string[], number: number): Statement | null {
  if (findings === null) return null;
  // F4: an order that moved while the snapshots were taken may look different in each of them.
  const judged = `
    SELECT subject, pending OR moving.order_id IS NOT NULL AS pending,
           CASE WHEN NOT pending AND moving.order_id IS NOT NULL THEN sentence || ' (it changed while the databases were looked at)' ELSE sentence END AS sentence,
           facts
    FROM (${findings}) AS finding
    LEFT JOIN pg_temp.moving_order moving ON moving.order_id = (facts ->> 'orderId')::bigint`;
  return sql(`audit.${id}.${number}.over-copies`, bounded(overCopies(judged, copied)));
}

/** `shop_user.account` is `pg_temp.shop_user_account` where the user domain's tables are copies. */
export const overCopies = (text: string, copied: readonly string[]): string =>
  copied.reduce((rewritten, domain) => rewritten.replaceAll(`shop_${domain}.`, `pg_temp.shop_${domain}_`), text);

const bounded = (findings: string): string => `
  SELECT pending, sentence, facts, total
  FROM (
    SELECT finding.*,
           count(*) OVER (PARTITION BY pending) AS total,
           row_number() OVER (PARTITION BY pending ORDER BY subject, sentence) AS number
    FROM (${findings}) AS finding
  ) AS numbered
  WHERE number <= ${FINDINGS_LISTED_MAX}
  ORDER BY pending, number`;
