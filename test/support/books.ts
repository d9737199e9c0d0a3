import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { audit, type AuditOptions } from '../../src/audit/audit.js';
import type { AuditReport } from '../../src/audit/report.js';

const REST_WAIT_MS_MAX = 20_000;
const LOOK_AGAIN_MS = 20;

export interface SettlingShop {
  readonly databaseUrl: string;
  readonly domainUrls?: Readonly<Record<string, string>>;
  readonly dataDir?: string;
  /** Other processes have a `dataDir` of their own. */
  readonly deliveredElsewhere?: boolean;
  settle(): Promise<void>;
}

/**
 * Fails with a sentence per violation. Given a shop, it waits until nothing is under way, and fails when that never comes.
 * Given only where the books are (or `{ inMotion: true }`), the shop may be anywhere in its work.
 *
 * @returns the report, whose `census` tells what was there: of an empty shop the books are clean, too.
 */
export async function expectCleanBooks(books: SettlingShop | AuditOptions | string, { inMotion = false } = {}): Promise<AuditReport> {
  const shop = typeof books !== 'string' && 'databaseUrl' in books ? books : null;
  const settled = shop !== null && !inMotion;
  const report = settled ? await auditAtRest(shop) : await audit(shop ? booksOf(shop) : (books as AuditOptions | string));
  expect(complaintsOf(report, settled)).toEqual([]);
  return report;
}

/** After the last delivery the shop may still publish what it gathers first, such as changes of availability. */
export async function auditAtRest(shop: SettlingShop, waitMsMax = REST_WAIT_MS_MAX): Promise<AuditReport> {
  for (const giveUpAt = Date.now() + waitMsMax; ; await sleep(LOOK_AGAIN_MS)) {
    await shop.settle();
    const report = await audit({ ...booksOf(shop), settled: true });
    if (report.clean || report.violations > 0 || Date.now() > giveUpAt) return report;
  }
}

const booksOf = ({ databaseUrl, domainUrls = {}, dataDir, deliveredElsewhere = false }: SettlingShop): AuditOptions => ({
  url: databaseUrl,
  domainUrls,
  ...(dataDir === undefined ? {} : { deliveredFolder: join(dataDir, 'data-platform'), deliveredElsewhere }),
});

export const complaintsOf = ({ checks }: AuditReport, settled: boolean): string[] =>
  checks.flatMap(({ id, violations, pending }) => [
    ...violations.listed.map(({ sentence }) => `${id} ${sentence}`),
    ...(settled ? pending.listed.map(({ sentence }) => `${id} pending: ${sentence}`) : []),
  ]);
