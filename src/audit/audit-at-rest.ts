import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_AGAIN_MS = 200;

/**
 * Audits until nothing is pending, for `waitMsMax` at most: what the last payments brought about may still be on its way, and a shop that
 * others keep busy never comes to rest.
 */
export async function auditAtRest<Report extends { readonly violations: number; readonly pending: number }>(
  audit: () => Promise<Report>,
  waitMsMax: number,
): Promise<Report> {
  for (const giveUpAt = Date.now() + waitMsMax; ; await sleep(LOOK_AGAIN_MS)) {
    const report = await audit();
    if (report.pending === 0 || report.violations > 0 || Date.now() > giveUpAt) return report;
  }
}
