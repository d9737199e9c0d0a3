import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { audit } from '../../src/audit/audit.js';
import type { AuditReport } from '../../src/audit/report.js';
import { expectEventually, postmasterPid, query } from '../support/embedded.js';

/** What the design promises, from the moment at which a shop is open again. */
export const RECOVERY_MS_MAX = 15_000;
const LOOK_AGAIN_MS = 50;
const AUDIT_AGAIN_MS = 250;

export interface Recovery {
  /** Payments that were in flight when the shop died. */
  readonly payments: number;
  /** Until the last of them was decided; null when there was none. */
  readonly msFromStart: number | null;
  readonly msFromReady: number | null;
}

export interface Restarted {
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly startedAt: Date;
  readonly readyAt: Date;
}

/**
 * Waits until nothing is under way and the books are clean.
 *
 * @throws Error that tells what is wrong, when that takes longer than {@link RECOVERY_MS_MAX}, or at the first violation.
 */
export async function recovered({ databaseUrl, dataDir, startedAt, readyAt }: Restarted): Promise<Recovery> {
  const giveUpAtMs = readyAt.getTime() + RECOVERY_MS_MAX;
  await paymentsDecided(databaseUrl, giveUpAtMs);
  const books = { url: databaseUrl, deliveredFolder: join(dataDir, 'data-platform'), settled: true };
  for (;;) {
    const report = await audit(books);
    if (report.clean) return recoveryOf(databaseUrl, startedAt, readyAt);
    if (report.violations > 0 || Date.now() > giveUpAtMs) throw new Error(complaintsOf(report).join('\n'));
    await sleep(AUDIT_AGAIN_MS);
  }
}

/** @param before the pid of the postmaster that was told to end. */
export async function databaseIsBack(dataDir: string, databaseUrl: string, before: number): Promise<void> {
  const answers = (): Promise<boolean> =>
    query(databaseUrl, 'SELECT 1').then(
      () => true,
      () => false,
    );
  // Its file is not there while it starts.
  const isAnother = (): boolean => {
    try {
      return postmasterPid(dataDir) !== before;
    } catch {
      return false;
    }
  };
  await expectEventually('the database is back', async () => isAnother() && (await answers()));
}

/** Or the time is over, which the audit will tell. */
async function paymentsDecided(databaseUrl: string, giveUpAtMs: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => {});
  await client.connect();
  try {
    while (Date.now() <= giveUpAtMs) {
      const { rowCount } = await client.query(`SELECT FROM shop_order.payment_attempt WHERE state IN ('RUNNING', 'ROLLING_BACK')`);
      if (rowCount === 0) return;
      await sleep(LOOK_AGAIN_MS);
    }
  } finally {
    await client.end();
  }
}

async function recoveryOf(databaseUrl: string, startedAt: Date, readyAt: Date): Promise<Recovery> {
  const since = `'${startedAt.toISOString()}'::timestamptz`;
  const [row] = await query<{ payments: number; last: Date | null }>(
    databaseUrl,
    `SELECT count(*)::int AS payments, max(finished_at) AS last FROM shop_order.payment_attempt
     WHERE created_at < ${since} AND finished_at >= ${since}`,
  );
  const after = (moment: Date): number | null => (row?.last ? Math.max(0, row.last.getTime() - moment.getTime()) : null);
  return { payments: row?.payments ?? 0, msFromStart: after(startedAt), msFromReady: after(readyAt) };
}

const complaintsOf = ({ checks }: AuditReport): string[] =>
  checks.flatMap(({ id, violations, pending }) => [
    ...violations.listed.map(({ sentence }) => `${id} ${sentence}`),
    ...pending.listed.map(({ sentence }) => `${id} pending: ${sentence}`),
  ]);
