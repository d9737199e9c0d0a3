import { setTimeout as sleep } from 'node:timers/promises';

const REST_MS_MAX = 20_000;
const LOOK_AGAIN_MS = 200;

/** Audits until nothing is pending: after the last delivery a shop may still publish what it gathers first, such as changes of availability. */
export async function auditAtRest<Report extends { readonly violations: number; readonly pending: number }>(
  audit: () => Promise<Report>,
): Promise<Report> {
  for (const giveUpAt = Date.now() + REST_MS_MAX; ; await sleep(LOOK_AGAIN_MS)) {
    const report = await audit();
    if (report.pending === 0 || report.violations > 0 || Date.now() > giveUpAt) return report;
  }
}
