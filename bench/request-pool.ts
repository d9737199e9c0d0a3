import type { PlannedRequest } from './load/plan.js';
import type { Prepared } from './scenarios/scenario.js';

/** What one run did not get to, the next one begins with: unpaid orders are paid some day. */
export class RequestPool {
  private leftOver: readonly PlannedRequest[] = [];

  constructor(private readonly prepared: Prepared) {}

  async take(count: number): Promise<readonly PlannedRequest[]> {
    const kept = this.leftOver.slice(0, count);
    this.leftOver = this.leftOver.slice(count);
    return kept.length === count ? kept : [...kept, ...(await this.prepared.requests(count - kept.length))];
  }

  giveBack(requests: readonly PlannedRequest[]): void {
    this.leftOver = [...requests, ...this.leftOver];
  }
}
