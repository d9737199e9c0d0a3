import type { Census } from './census.js';

export interface Finding {
  /** What is wrong, for a reader. */
  readonly sentence: string;
  /** The same for a program: ids and amounts. */
  readonly facts: Readonly<Record<string, number | string | null>>;
}

export interface Findings {
  /** All that there are. */
  readonly total: number;
  /** The first of them, at most 100. */
  readonly listed: readonly Finding[];
}

export interface CheckReport {
  /** The number of the invariant in the design and, behind the dot, which consequence of it. */
  readonly id: string;
  readonly title: string;
  /** How many rows the check went through, and of what. */
  readonly examined: number;
  readonly examinedWhat: string;
  readonly violations: Findings;
  /** What is not at rest: payments, releases and deliveries under way. No violation. */
  readonly pending: Findings;
}

/** A database that was read. */
export interface AuditedDatabase {
  /** Host and database. */
  readonly name: string;
  readonly domains: readonly string[];
  /** When its snapshot was taken, by its own clock; ISO 8601. */
  readonly at: string;
}

export interface AuditReport {
  /** When the snapshot of the order domain's database was taken, by its clock; ISO 8601. */
  readonly at: string;
  readonly databases: readonly AuditedDatabase[];
  /** No violations; with `settled` asked for, nothing pending either. */
  readonly clean: boolean;
  readonly violations: number;
  readonly pending: number;
  readonly census: Census;
  readonly checks: readonly CheckReport[];
}
