import { expect } from 'vitest';
import { audit } from '../../src/audit/audit.js';
import type { AuditReport } from '../../src/audit/report.js';

interface SettlingShop {
  readonly databaseUrl: string;
  settle(): Promise<void>;
}

/**
 * Fails with a sentence per violation. Given a shop, it first waits for the deliveries, and then nothing may be under way
 * either. Given an address (or `{ inMotion: true }`), the shop may be anywhere in its work.
 *
 * @returns the report, whose `census` tells what was there: of an empty shop the books are clean, too.
 */
export async function expectCleanBooks(books: SettlingShop | string, { inMotion = false } = {}): Promise<AuditReport> {
  const settled = typeof books !== 'string' && !inMotion;
  if (settled) await books.settle();
  const report = await audit({ url: typeof books === 'string' ? books : books.databaseUrl, settled });
  expect(complaintsOf(report, settled)).toEqual([]);
  return report;
}

const complaintsOf = ({ checks }: AuditReport, settled: boolean): string[] =>
  checks.flatMap(({ id, violations, pending }) => [
    ...violations.listed.map(({ sentence }) => `${id} ${sentence}`),
    ...(settled ? pending.listed.map(({ sentence }) => `${id} pending: ${sentence}`) : []),
  ]);
