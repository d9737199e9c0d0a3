import { Injectable } from '@nestjs/common';
import { DomainDatabase, type PgTransaction, type Queryable, pgTransaction, sql } from '../../database/database.js';
import type { CouponId, UserCouponId } from '../../kernel/ids.js';
import { type Result, ok } from '../../kernel/result.js';
import { MicroBatcher } from '../../messaging/micro-batcher.js';
import { CouponGate, type IssuedCoupon } from '../application/coupon-gate.port.js';
import {
  type Admission,
  type Asker,
  type Asking,
  type CouponOnOffer,
  type IssueRefusal,
  admitInTurn,
  refusalOf,
} from '../domain/coupon-admission.js';

const ASKERS_PER_BATCH_MAX = 256;
/** At some thousand decisions a second the last in the queue still gets an answer within seconds. */
const ASKERS_WAITING_MAX = 20_000;

/**
 * The gate kept by the database alone. Customers pass in two steps, each for a whole batch:
 *
 * G1: a glance without lock or transaction refuses whoever cannot get a coupon any more (A1 in the domain). Once a coupon
 *     is sold out, this is all that its rush costs.
 * G2: the rest are admitted in one transaction that locks their coupons in order of id, looks again, and decides in order
 *     of arrival. One batch at a time, so that customers of one process overtake nobody.
 */
@Injectable()
export class PgCouponGate extends CouponGate {
  private readonly glances = new MicroBatcher<Asker, IssueRefusal | undefined>({
    name: 'coupon.glance',
    run: async (askers) => (await look(this.database, askers)).map(refusalOf),
    batchRequestsMax: ASKERS_PER_BATCH_MAX,
    queueRequestsMax: ASKERS_WAITING_MAX,
  });

  private readonly admissions = new MicroBatcher<Asker, Result<IssuedCoupon, IssueRefusal>>({
    name: 'coupon.admit',
    run: (askers) => this.database.run((tx) => admit(pgTransaction(tx), askers)),
    batchRequestsMax: ASKERS_PER_BATCH_MAX,
    queueRequestsMax: ASKERS_WAITING_MAX,
  });

  constructor(private readonly database: DomainDatabase) {
    super();
  }

  override async issue(asker: Asker): Promise<Result<IssuedCoupon, IssueRefusal>> {
    const refusal = await this.glances.submit(asker);
    return refusal ? { ok: false, refusal } : this.admissions.submit(asker);
  }
}

async function admit(tx: PgTransaction, askers: readonly Asker[]): Promise<Result<IssuedCoupon, IssueRefusal>[]> {
  await tx.query(LOCK_COUPONS, [[...new Set(askers.map(({ couponId }) => couponId))]]);
  // Only a statement that begins after the lock sees what its last holder has left.
  const decided = admitInTurn(await look(tx, askers));
  const ids = await insert(
    tx,
    decided.flatMap((each) => (each.ok ? [each.value] : [])),
  );
  return decided.map((each) => (each.ok ? ok(issuedCoupon(each.value, ids)) : each));
}

async function look(database: Queryable, askers: readonly Asker[]): Promise<Asking[]> {
  const rows = await database.query<AskingRow>(LOOK, [askers.map(({ couponId }) => couponId), askers.map(({ userId }) => userId)]);
  return rows.map((row, index) => ({ asker: askers[index] as Asker, coupon: couponOnOffer(row), held: row.held ?? undefined }));
}

/** @returns the ids of the new coupons, by coupon and admission. */
async function insert(tx: PgTransaction, admissions: readonly Admission[]): Promise<ReadonlyMap<string, UserCouponId>> {
  if (admissions.length === 0) return new Map();
  const rows = await tx.query<{ id: UserCouponId; coupon_id: CouponId; admission: number }>(ADMIT, [
    admissions.map(({ asker }) => asker.couponId),
    admissions.map(({ asker }) => asker.userId),
    admissions.map(({ admission }) => admission),
  ]);
  return new Map(rows.map(({ id, coupon_id, admission }) => [`${coupon_id}:${admission}`, id]));
}

function issuedCoupon({ asker: { couponId }, coupon, admission }: Admission, ids: ReadonlyMap<string, UserCouponId>): IssuedCoupon {
  const userCouponId = ids.get(`${couponId}:${admission}`);
  if (userCouponId === undefined) throw new Error(`admission ${admission} of coupon ${couponId} was not written`);
  const { name, discountRate, expiresAt, quantity } = coupon;
  return { userCouponId, couponId, name, discountRate, expiresAt, admission, remainingQuantity: quantity - admission };
}

type AskingRow = { readonly held: number | null } & (
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
          held.admission AS held
   FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS asker (coupon_id, user_id, arrival)
   LEFT JOIN shop_coupon.coupon ON coupon.id = asker.coupon_id
   LEFT JOIN shop_coupon.user_coupon held ON held.coupon_id = asker.coupon_id AND held.user_id = asker.user_id
   ORDER BY asker.arrival`,
);

const ADMIT = sql(
  'coupon.admit',
  `WITH admitted AS (
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::integer[]) AS a (coupon_id, user_id, admission)
   ), counted AS (
     UPDATE shop_coupon.coupon SET issued = issued + new.admissions
     FROM (SELECT coupon_id, count(*) AS admissions FROM admitted GROUP BY coupon_id) new
     WHERE coupon.id = new.coupon_id
   )
   INSERT INTO shop_coupon.user_coupon (coupon_id, user_id, admission)
   SELECT coupon_id, user_id, admission FROM admitted ORDER BY coupon_id, admission
   RETURNING id, coupon_id, admission`,
);
