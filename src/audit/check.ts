import type { Statement } from '../database/database.js';
import type { Census } from './census.js';

/** At most this many findings of each kind are listed per check; the total is always told. */
export const FINDINGS_LISTED_MAX = 100;

/** One thing that must hold, as one SQL statement that finds everything of which it does not. */
export interface Check {
  /** The invariant of the design (§11) and, behind the dot, which consequence of it. */
  readonly id: `${1 | 2 | 3 | 4 | 5 | 6}.${number}`;
  /** What holds when nothing is found. */
  readonly title: string;
  /** What the statement went through: where there are none of these, finding nothing proves nothing. */
  readonly examines: keyof Census;
  readonly statement: Statement;
}

/** A row of every check's statement. */
export interface FindingRow {
  /** True: not at rest, and allowed to be so while work is under way. False: wrong, whatever is under way. */
  readonly pending: boolean;
  readonly sentence: string;
  readonly facts: Readonly<Record<string, number | string | null>>;
  readonly total: number;
}

/**
 * Bounds what a check may answer.
 *
 * @param findings a query of (`subject` bigint: the order of the list, `pending`, `sentence`, `facts` jsonb), one row per finding.
 */
export const bounded = (findings: string): string => `
  SELECT pending, sentence, facts, total
  FROM (
    SELECT finding.*,
           count(*) OVER (PARTITION BY pending) AS total,
           row_number() OVER (PARTITION BY pending ORDER BY subject, sentence) AS number
    FROM (${findings}) AS finding
  ) AS numbered
  WHERE number <= ${FINDINGS_LISTED_MAX}
  ORDER BY pending, number`;
