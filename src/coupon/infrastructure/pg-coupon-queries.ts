import { Injectable } from '@nestjs/common';
import { DomainDatabase, sql } from '../../database/database.js';
import type { CouponId } from '../../kernel/ids.js';
import {
  type CouponDetail,
  CouponQueries,
  type CurrentCoupon,
  type UserCoupon,
  type UserCouponList,
} from '../application/coupon-queries.port.js';

/** Straight from SQL: the columns already have the names of the answer. */
@Injectable()
export class PgCouponQueries extends CouponQueries {
  constructor(private readonly database: DomainDatabase) {
    super();
  }

  override current(after: Pick<CurrentCoupon, 'expiresAt' | 'couponId'> | undefined, rowsMax: number): Promise<readonly CurrentCoupon[]> {
    return this.database.query<CurrentCoupon>(CURRENT_COUPONS, [after?.expiresAt ?? null, after?.couponId ?? 0, rowsMax]);
  }

  override async detail(couponId: CouponId): Promise<CouponDetail | undefined> {
    const [detail] = await this.database.query<CouponDetail>(COUPON_DETAIL, [couponId]);
    return detail;
  }

  override ofUser({ userId, status, before, rowsMax }: UserCouponList): Promise<readonly UserCoupon[]> {
    return this.database.query<UserCoupon>(COUPONS_OF_USER, [userId, status ?? null, before ?? Number.MAX_SAFE_INTEGER, rowsMax]);
  }
}

const CURRENT_COUPONS = sql(
  'coupon.list-current',
  `SELECT id AS "couponId", name, discount_rate AS "discountRate", quantity, quantity - issued AS "remainingQuantity",
          starts_at AS "startsAt", expires_at AS "expiresAt"
   FROM shop_coupon.coupon
   WHERE expires_at > now() AND starts_at <= now() AND (expires_at, id) > (coalesce($1::timestamptz, '-infinity'), $2::bigint)
   ORDER BY expires_at, id
   LIMIT $3`,
);

const COUPON_DETAIL = sql(
  'coupon.detail',
  `SELECT id AS "couponId", name, discount_rate AS "discountRate", quantity, quantity - issued AS "remainingQuantity", issued,
          (SELECT count(*) FROM shop_coupon.user_coupon WHERE coupon_id = coupon.id AND state = 'USED') AS used,
          starts_at AS "startsAt", expires_at AS "expiresAt", created_at AS "createdAt"
   FROM shop_coupon.coupon
   WHERE id = $1`,
);

const COUPONS_OF_USER = sql(
  'coupon.list-of-user',
  `SELECT *
   FROM (
     SELECT held.id AS "userCouponId", coupon.id AS "couponId", coupon.name, coupon.discount_rate AS "discountRate",
            CASE WHEN held.state = 'USED' THEN 'USED' WHEN coupon.expires_at > now() THEN 'AVAILABLE' ELSE 'EXPIRED' END AS status,
            held.admission, held.issued_at AS "issuedAt", coupon.expires_at AS "expiresAt", held.used_at AS "usedAt", held.order_id AS "orderId"
     FROM shop_coupon.user_coupon held JOIN shop_coupon.coupon ON coupon.id = held.coupon_id
     WHERE held.user_id = $1 AND held.id < $3
   ) AS of_user
   WHERE status = $2 OR $2::text IS NULL
   ORDER BY "userCouponId" DESC
   LIMIT $4`,
);
