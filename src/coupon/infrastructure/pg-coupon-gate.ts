import { DomainDatabase, pgTransaction } from '../../database/database.js';
import type { Result } from '../../kernel/result.js';
import { MicroBatcher } from '../../messaging/micro-batcher.js';
import { CouponGate, type IssuedCoupon } from '../application/coupon-gate.port.js';
import type { Asker, IssueRefusal } from '../domain/coupon-admission.js';
import { admit, ASKERS_PER_BATCH_MAX, ASKERS_WAITING_MAX, glancesAt, type Request } from './pg-coupon-admissions.js';

/**
 * The gate kept by the database alone. Customers pass in two steps, each for a whole batch:
 *
 * G1: a glance without lock or transaction refuses whoever cannot get a coupon any more. Once a coupon is sold out, this is
 *     all that its rush costs.
 * G2: the rest are admitted in one transaction that locks their coupons in order of id, looks again, and decides in order
 *     of arrival. One batch at a time, so that customers of one process overtake nobody.
 */
export class PgCouponGate extends CouponGate {
  private readonly glances: ReturnType<typeof glancesAt>;
  private readonly admissions: MicroBatcher<Request, Result<IssuedCoupon, IssueRefusal>>;

  constructor(database: DomainDatabase) {
    super();
    this.glances = glancesAt(database);
    this.admissions = new MicroBatcher({
      name: 'coupon.admit',
      run: (requests) => database.run((tx) => admit(pgTransaction(tx), requests)),
      batchRequestsMax: ASKERS_PER_BATCH_MAX,
      queueRequestsMax: ASKERS_WAITING_MAX,
    });
  }

  override async issue(asker: Asker): Promise<Result<IssuedCoupon, IssueRefusal>> {
    const refusal = await this.glances.submit(asker);
    return refusal ? { ok: false, refusal } : this.admissions.submit({ asker, reservation: null });
  }
}
