import { BY_INDEX } from '../../database/by-index.js';
import { type DomainDatabase, type PgTransaction, type Queryable, sql } from '../../database/database.js';
import type { CouponId, UserCouponId } from '../../kernel/ids.js';
import { type Result, ok } from '../../kernel/result.js';
import { MicroBatcher } from '../../messaging/micro-batcher.js';
import type { IssuedCoupon } from '../application/coupon-gate.port.js';
import {
  type Admission,
  type Asker,
  type Asking,
  type CouponOnOffer,
  type IssueRefusal,
  admitInTurn,
  refusalOf,
} from '../domain/coupon-admission.js';

export const ASKERS_PER_BATCH_MAX = 256;
/** At some thousand decisions a second the last in the queue still gets an answer within seconds. */
export const ASKERS_WAITING_MAX = 20_000;

/** A customer who asks; `reservation` names the request if Redis has admitted it, so that it knows its row whoever wrote it. */
export interface Request {
  readonly asker: Asker;
  readonly reservation: string | null;
}

/** A look without lock or transaction refuses whoever cannot get a coupon any more (A1 in the domain). */
export const glancesAt = (database: DomainDatabase) =>
  new MicroBatcher<Asker, IssueRefusal | undefined>({
    name: 'coupon.glance',
    run: async (askers) => (await look(database, askers)).map(refusalOf),
    batchRequestsMax: ASKERS_PER_BATCH_MAX,
    queueRequestsMax: ASKERS_WAITING_MAX,
  });

/** Admits in the order given, under the locks of the coupons, and writes who got one. */
export async function admit(tx: PgTransaction, requests: readonly Request[]): Promise<Result<IssuedCoupon, IssueRefusal>[]> {
  await tx.query(LOCK_COUPONS, [[...new Set(requests.map(({ asker }) => asker.couponId))]]);
  // Only a statement that begins after the lock sees what its last holder has left.
  const looked = await look(
    tx,
    requests.map(({ asker }) => asker),
  );
  const written = requests.map((request, index) => writtenFor(request, looked[index] as Looked));
  const decided = admitInTurn(looked.filter((_, index) => !written[index]));
  const ids = await insert(
    tx,
    decided,
    requests.filter((_, index) => !written[index]),
  );
  const fresh = decided.map((each) => (each.ok ? ok(issuedCoupon(each.value, ids.get(rowKey(each.value)))) : each)).values();
  return written.map((issued) => (issued ? ok(issued) : (fresh.next().value as Result<IssuedCoupon, IssueRefusal>)));
}

interface Looked extends Asking {
  readonly userCouponId: UserCouponId | null;
  readonly reservation: string | null;
}

/** The coupon of a request whose row somebody has written already. */
function writtenFor(request: Request, { asker, coupon, held, userCouponId, reservation }: Looked): IssuedCoupon | undefined {
  if (!coupon || held === undefined || userCouponId === null) return undefined;
  if (reservation === null || reservation !== request.reservation) return undefined;
  return issuedCoupon({ asker, coupon, admission: held }, userCouponId);
}

async function look(database: Queryable, askers: readonly Asker[]): Promise<Looked[]> {
  const rows = await database.query<AskingRow>(LOOK, [askers.map(({ couponId }) => couponId), askers.map(({ userId }) => userId)]);
  return rows.map((row, index) => ({
    asker: askers[index] as Asker,
    coupon: couponOnOffer(row),
    held: row.held ?? undefined,
    userCouponId: row.user_coupon_id,
    reservation: row.reservation,
  }));
}

const rowKey = ({ asker: { couponId }, admission }: Admission): string => `${couponId}:${admission}`;

/** @returns the ids of the new rows, by coupon and admission. */
async function insert(
  tx: PgTransaction,
  decided: readonly Result<Admission, IssueRefusal>[],
  requests: readonly Request[],
): Promise<ReadonlyMap<string, UserCouponId>> {
  const admitted = decided.flatMap((each, index) =>
    each.ok ? [{ ...each.value, reservation: requests[index]?.reservation ?? null }] : [],
  );
  if (admitted.length === 0) return new Map();
  const rows = await tx.query<{ id: UserCouponId; coupon_id: CouponId; admission: number }>(ADMIT, [
    admitted.map(({ asker }) => asker.couponId),
    admitted.map(({ asker }) => asker.userId),
    admitted.map(({ admission }) => admission),
    admitted.map(({ reservation }) => reservation),
  ]);
  return new Map(rows.map(({ id, coupon_id, admission }) => [`${coupon_id}:${admission}`, id]));
}

function issuedCoupon({ asker: { couponId }, coupon, admission }: Admission, userCouponId: UserCouponId | undefined): IssuedCoupon {
  if (userCouponId === undefined) throw new Error(`admission ${admission} of coupon ${couponId} was not written`);
  const { name, discountRate, expiresAt, quantity } = coupon;
  return { userCouponId, couponId, name, discountRate, expiresAt, admission, remainingQuantity: quantity - admission };
}

type AskingRow = { readonly held: number | null; readonly user_coupon_id: UserCouponId | null; readonly reservation: string | null } & (
  | { readonly coupon_id: null }
  | {
      readonly coupon_id: CouponId;
      readonly name: string;
      readonly discount_rate: number;
      readonly quantity: number;
      readonly issued: number;
      readonly expires_at: Date;
      readonly phase: CouponOnOffer['phase'];
    }
);

function couponOnOffer(row: AskingRow): CouponOnOffer | undefined {
  if (row.coupon_id === null) return undefined;
  const { name, discount_rate: discountRate, quantity, issued, phase, expires_at: expiresAt } = row;
  return { name, discountRate, quantity, issued, phase, expiresAt };
}

const LOCK_COUPONS = sql('coupon.lock-coupons', 'SELECT FROM shop_coupon.coupon WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE');

const LOOK = sql(
  'coupon.look',
  `SELECT coupon.id AS coupon_id, coupon.name, coupon.discount_rate, coupon.quantity, coupon.issued, coupon.expires_at,
          CASE WHEN coupon.starts_at > clock_timestamp() THEN 'UPCOMING'
               WHEN coupon.expires_at > clock_timestamp() THEN 'OPEN'
               ELSE 'EXPIRED'
          END AS phase,
          held.admission AS held, held.id AS user_coupon_id, held.reservation
   FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS asker (coupon_id, user_id, nth)
   LEFT JOIN shop_coupon.coupon ON coupon.id = asker.coupon_id
   LEFT JOIN shop_coupon.user_coupon held ON held.coupon_id = asker.coupon_id AND held.user_id = asker.user_id
   WHERE ${BY_INDEX}
   ORDER BY nth`,
);

const ADMIT = sql(
  'coupon.admit',
  `WITH admitted AS (
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::uuid[]) AS a (coupon_id, user_id, admission, reservation)
   ), counted AS (
     UPDATE shop_coupon.coupon SET issued = issued + new.admissions
     FROM (SELECT coupon_id, count(*) AS admissions FROM admitted GROUP BY coupon_id) new
     WHERE coupon.id = new.coupon_id
   )
   INSERT INTO shop_coupon.user_coupon (coupon_id, user_id, admission, reservation)
   SELECT coupon_id, user_id, admission, reservation FROM admitted ORDER BY coupon_id, admission
   RETURNING id, coupon_id, admission`,
);
