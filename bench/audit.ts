import { audit } from '../src/audit/audit.js';
import { auditAtRest } from '../src/audit/audit-at-rest.js';
import { clientOf } from '../test/support/client.js';

const REST_MS_MAX = 20_000;
/** A million orders take longer than the minute that a request for an audit may take. */
const AUDIT_MS_MAX = 30 * 60_000;

export interface AuditResult {
  readonly violations: number;
  readonly pending: number;
  readonly paidOrders: number;
  readonly ms: number;
}

interface AuditAnswer {
  readonly violations: number;
  readonly pending: number;
  readonly census: { readonly paidOrders: number };
}

/** What a run has left behind must be right, or its figures are worth nothing. */
export async function auditThroughApi(address: string): Promise<AuditResult> {
  const client = clientOf(address);
  const token = await client.operatorToken();
  const ask = async (): Promise<AuditAnswer> => {
    const { status, body } = await client.api<AuditAnswer>('GET', '/api/admin/audit', { token });
    if (status !== 200) throw new Error(`the audit answered ${status}: ${JSON.stringify(body)}`);
    return body;
  };
  return auditAtRest(() => timed(ask), REST_MS_MAX);
}

/** The same audit, with more time. @param deliveredFolder with the data platform's files; left out: they are not looked at */
export const auditDatabase = (url: string, deliveredFolder?: string): Promise<AuditResult> =>
  timed(() => audit({ url, timeMsMax: AUDIT_MS_MAX, ...(deliveredFolder !== undefined && { deliveredFolder }) }));

export const auditDatabaseAtRest = (url: string, deliveredFolder: string): Promise<AuditResult> =>
  auditAtRest(() => auditDatabase(url, deliveredFolder), REST_MS_MAX);

async function timed(ask: () => Promise<AuditAnswer>): Promise<AuditResult> {
  const from = performance.now();
  const { violations, pending, census } = await ask();
  return { violations, pending, paidOrders: census.paidOrders, ms: performance.now() - from };
}
