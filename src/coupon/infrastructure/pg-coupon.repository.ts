import { Injectable } from '@nestjs/common';
import { pgTransaction, sql } from '../../database/database.js';
import type { CouponId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';
import { type Coupon, CouponRepository, type CouponTerms } from '../domain/coupon.repository.js';

interface CouponRow {
  readonly id: CouponId;
  readonly starts_at: Date;
  readonly created_at: Date;
}

@Injectable()
export class PgCouponRepository extends CouponRepository {
  override async add(tx: Transaction, terms: CouponTerms): Promise<Coupon | undefined> {
    const { name, discountRate, quantity, startsAt, expiresAt } = terms;
    const [row] = await pgTransaction(tx).query<CouponRow>(ADD_COUPON, [name, discountRate, quantity, startsAt ?? null, expiresAt]);
    return row && { ...terms, couponId: row.id, startsAt: row.starts_at, createdAt: row.created_at };
  }
}

// Rounded down to the millisecond, or a coupon could start half of one after it was made.
const ADD_COUPON = sql(
  'coupon.add-coupon',
  `INSERT INTO shop_coupon.coupon (name, discount_rate, quantity, starts_at, expires_at)
   SELECT $1, $2, $3, starts_at, $5
   FROM coalesce($4::timestamptz, date_trunc('milliseconds', now())) AS starts_at
   WHERE starts_at < $5::timestamptz
   RETURNING id, starts_at, created_at`,
);
