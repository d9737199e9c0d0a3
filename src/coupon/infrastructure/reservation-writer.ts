import { type DomainDatabase, pgTransaction } from '../../database/database.js';
import { Unavailable } from '../../kernel/faults.js';
import type { CouponId } from '../../kernel/ids.js';
import type { Result } from '../../kernel/result.js';
import { MicroBatcher } from '../../messaging/micro-batcher.js';
import type { IssuedCoupon } from '../application/coupon-gate.port.js';
import type { IssueRefusal } from '../domain/coupon-admission.js';
import type { CouponCopies } from './coupon-copies.js';
import { admit, ASKERS_PER_BATCH_MAX, ASKERS_WAITING_MAX, type Request } from './pg-coupon-admissions.js';

const RESERVATIONS_PER_BATCH_MAX = 1_024;
const BATCHES_BEFORE_OWN_MAX = 100;

export interface Wish extends Request {
  readonly reservation: string;
  /** Only whoever made the reservation stands in its place; who asks again while it is open comes after it. */
  readonly place: 'RESERVED' | 'HAS_RESERVATION' | 'NONE';
}

export type Verdict = Result<IssuedCoupon, IssueRefusal>;

/** A coupon whose reservations are to be written though nobody here waits for them. */
interface Errand {
  readonly couponId: CouponId;
}

/**
 * Writes into the database whom Redis has let in, and tells Redis.
 *
 * Z6: a reservation ends in a row or is given back, whatever becomes of the process that made it: whoever writes next writes
 *     the open ones, too, in the order of their tickets, before those who came later.
 * Z7: a request knows its row by its reservation, whoever wrote it.
 */
export class ReservationWriter {
  private readonly batches = new MicroBatcher<Wish | Errand, Verdict | Fault | undefined>({
    name: 'coupon.admit',
    run: (batch) => this.run(batch),
    batchRequestsMax: ASKERS_PER_BATCH_MAX,
    queueRequestsMax: ASKERS_WAITING_MAX,
  });

  constructor(
    private readonly copies: CouponCopies,
    private readonly database: DomainDatabase,
  ) {}

  async admit(wish: Wish): Promise<Verdict> {
    try {
      const verdict = (await this.batches.submit(wish)) as Verdict | Fault;
      if (verdict instanceof Fault) throw verdict.cause;
      return verdict;
    } catch (error) {
      // Nobody knows whether it was written. If it was, the row is found when the customer asks again.
      if (wish.place === 'RESERVED') await this.giveBack(wish);
      throw error;
    }
  }

  async writeOpenReservations(couponId: CouponId): Promise<void> {
    await this.batches.submit({ couponId });
  }

  private async run(batch: readonly (Wish | Errand)[]): Promise<(Verdict | Fault | undefined)[]> {
    const wishes = batch.filter((each) => 'asker' in each);
    const couponIds = [...new Set(batch.map((each) => ('asker' in each ? each.asker.couponId : each.couponId)))];
    let open = await this.openReservations(couponIds);
    for (let written = 0; open.some(({ length }) => length === RESERVATIONS_PER_BATCH_MAX) && written < BATCHES_BEFORE_OWN_MAX; written++) {
      // oxlint-disable-next-line no-await-in-loop -- each batch takes the oldest that the one before has left
      await this.write(open.flat());
      // oxlint-disable-next-line no-await-in-loop -- see above
      open = await this.openReservations(couponIds);
    }
    const verdicts = await this.write(inTurn(wishes, open.flat()));
    return batch.map((each) => ('asker' in each ? verdicts.get(each.reservation) : undefined));
  }

  private openReservations(couponIds: readonly CouponId[]): Promise<(readonly Request[])[]> {
    return Promise.all(
      couponIds.map(async (couponId) => (await ifThere(() => this.copies.openReservations(couponId, RESERVATIONS_PER_BATCH_MAX))) ?? []),
    );
  }

  /** In halves if it must be, in the same order, until the culprit stands alone: the micro-batcher cannot, for open reservations are nobody's request. */
  private async write(requests: readonly Request[]): Promise<ReadonlyMap<string | null, Verdict | Fault>> {
    if (requests.length === 0) return new Map();
    try {
      const verdicts = await this.database.run((tx) => admit(pgTransaction(tx), requests));
      await this.tellRedis(requests, verdicts);
      return new Map(requests.map(({ reservation }, index) => [reservation, verdicts[index] as Verdict]));
    } catch (fault) {
      if (fault instanceof Unavailable) throw fault;
      const [first] = requests as readonly [Request, ...Request[]];
      if (requests.length === 1) {
        await this.giveBack(first);
        return new Map([[first.reservation, new Fault(fault)]]);
      }
      const middle = requests.length >> 1;
      return new Map([...(await this.write(requests.slice(0, middle))), ...(await this.write(requests.slice(middle)))]);
    }
  }

  private async tellRedis(requests: readonly Request[], verdicts: readonly Verdict[]): Promise<void> {
    const decided = requests.map(({ asker, reservation }, index) => ({ ...asker, reservation, admission: admissionOf(verdicts[index]) }));
    const byCoupon = [...Map.groupBy(decided, ({ couponId }) => couponId)];
    await ifThere(() =>
      Promise.all(
        byCoupon.map(([couponId, settlements]) =>
          // Redis let somebody in whom the database had to turn away: it knows less than the database.
          settlements.some(({ admission }) => admission === null) ? this.copies.drop(couponId) : this.copies.settle(couponId, settlements),
        ),
      ),
    );
  }

  private async giveBack({ asker: { couponId, userId }, reservation }: Request): Promise<void> {
    await ifThere(() => this.copies.settle(couponId, [{ userId, reservation, admission: null }]));
  }
}

class Fault {
  constructor(readonly cause: unknown) {}
}

/** Reservations in order of their tickets. Before them who came when there was no copy, or another; after them who asks again. */
function inTurn(wishes: readonly Wish[], open: readonly Request[]): Request[] {
  const known = new Set(open.map(({ reservation }) => reservation));
  const earlier = wishes.filter(({ place, reservation }) => place !== 'HAS_RESERVATION' && !known.has(reservation));
  const again = wishes.filter(({ place }) => place === 'HAS_RESERVATION');
  return [...earlier, ...open, ...again];
}

function admissionOf(verdict: Verdict | undefined): number | null {
  if (verdict?.ok) return verdict.value.admission;
  const held = verdict?.refusal.details?.admission;
  return typeof held === 'number' ? held : null;
}

/** What Redis misses while it is away, it learns when its copy is made again, or from a reservation that stayed open. */
async function ifThere<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Unavailable) return undefined;
    throw error;
  }
}
