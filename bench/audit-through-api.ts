import { clientOf } from '../test/support/client.js';
import { auditAtRest } from './audit-at-rest.js';

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
  return auditAtRest(async () => {
    const from = performance.now();
    const { status, body } = await client.api<AuditAnswer>('GET', '/api/admin/audit', { token });
    if (status !== 200) throw new Error(`the audit answered ${status}: ${JSON.stringify(body)}`);
    return { violations: body.violations, pending: body.pending, paidOrders: body.census.paidOrders, ms: performance.now() - from };
  });
}
