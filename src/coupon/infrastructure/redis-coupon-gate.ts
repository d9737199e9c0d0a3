import { randomUUID } from 'node:crypto';
import type { DomainDatabase } from '../../database/database.js';
import { Unavailable } from '../../kernel/faults.js';
import type { CouponId } from '../../kernel/ids.js';
import { MicroBatcher } from '../../messaging/micro-batcher.js';
import type { Redis } from '../../redis/redis.js';
import { CouponGate } from '../application/coupon-gate.port.js';
import { type Asker, issueRefusal } from '../domain/coupon-admission.js';
import { AbandonedReservations } from './abandoned-reservations.js';
import { CouponCopies, type Reserved } from './coupon-copies.js';
import { ASKERS_PER_BATCH_MAX, ASKERS_WAITING_MAX, glancesAt, type Request } from './pg-coupon-admissions.js';
import { ReservationWriter, type Verdict } from './reservation-writer.js';

type Answer = Reserved['answers'][number] | 'NO_COPY';

/**
 * The gate kept by Redis in a rush, with the database in step. Redis says who comes in and in which order, and turns the
 * others away, at no cost to the database. Those who come in are written in batches under the database's locks and
 * constraints, and there it is decided again: whatever Redis has lost or dreamt up, nobody gets a coupon that is not there.
 *
 * Z8: when a coupon is sold out, and a reservation has stayed open for too long, whoever is turned away sees to it. So no
 *     coupon is left over while people still ask.
 * Z9: where Redis is away, the database keeps the gate, or nobody does if the shop is set so. Where there is no copy (the
 *     coupon is not open, or too large), the database keeps it in any case.
 */
export class RedisCouponGate extends CouponGate {
  private readonly copies: CouponCopies;
  private readonly writer: ReservationWriter;
  private readonly glances: ReturnType<typeof glancesAt>;
  private readonly abandoned = new AbandonedReservations();
  private readonly reservations = new MicroBatcher<Request, Answer>({
    name: 'coupon.reserve',
    run: (requests) => this.reserve(requests),
    batchRequestsMax: ASKERS_PER_BATCH_MAX,
    queueRequestsMax: ASKERS_WAITING_MAX,
  });

  constructor(
    redis: Redis,
    database: DomainDatabase,
    private readonly whileAway: 'database' | 'refuse',
  ) {
    super();
    this.copies = new CouponCopies(redis, database);
    this.writer = new ReservationWriter(this.copies, database);
    this.glances = glancesAt(database);
  }

  override async issue(asker: Asker): Promise<Verdict> {
    const request = { asker, reservation: randomUUID() };
    const answer = await this.askRedis(request);
    if (answer === 'SOLD_OUT') return turnedAway('COUPON_SOLD_OUT', asker);
    if (typeof answer === 'object') return turnedAway('ALREADY_ISSUED', asker, answer);
    if (answer !== 'NO_COPY') return this.writer.admit({ ...request, place: answer });
    const refusal = await this.glances.submit(asker);
    return refusal ? { ok: false, refusal } : this.writer.admit({ ...request, place: 'NONE' });
  }

  private async askRedis(request: Request): Promise<Answer> {
    try {
      return await this.reservations.submit(request);
    } catch (error) {
      if (error instanceof Unavailable && this.whileAway === 'database') return 'NO_COPY';
      throw error;
    }
  }

  private async reserve(requests: readonly Request[]): Promise<Answer[]> {
    const byCoupon = Map.groupBy(requests, ({ asker }) => asker.couponId);
    const answers = new Map<CouponId, Answer[]>();
    await Promise.all(
      [...byCoupon].map(async ([couponId, asking]) => {
        const reserved = (await this.copies.reserve(couponId, asking)) ?? (await this.reserveInNewCopy(couponId, asking));
        answers.set(couponId, [...(reserved?.answers ?? [])]);
        if (reserved?.answers.includes('SOLD_OUT') && this.abandoned.sees(couponId, reserved)) {
          // What fails here is tried again by the next who is turned away.
          this.writer.writeOpenReservations(couponId).catch(() => {});
        }
      }),
    );
    return requests.map(({ asker }) => answers.get(asker.couponId)?.shift() ?? 'NO_COPY');
  }

  private async reserveInNewCopy(couponId: CouponId, asking: readonly Request[]): Promise<Reserved | null> {
    await this.copies.open(couponId);
    return this.copies.reserve(couponId, asking);
  }
}

const turnedAway = (code: 'COUPON_SOLD_OUT' | 'ALREADY_ISSUED', { couponId }: Asker, more = {}): Verdict => ({
  ok: false,
  refusal: issueRefusal(code, { couponId, ...more }),
});
