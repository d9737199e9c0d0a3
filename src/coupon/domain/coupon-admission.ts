import type { CouponId, UserId } from '../../kernel/ids.js';
import { type Refusal, type Result, ok } from '../../kernel/result.js';

/** A customer who asks for a coupon. */
export interface Asker {
  readonly couponId: CouponId;
  readonly userId: UserId;
}

/** A coupon as one moment shows it. The clock that tells `phase` is the database's. */
export interface CouponOnOffer {
  readonly name: string;
  /** Percent, 1 to 100. */
  readonly discountRate: number;
  readonly quantity: number;
  readonly issued: number;
  readonly phase: 'UPCOMING' | 'OPEN' | 'EXPIRED';
  readonly expiresAt: Date;
}

/** What there is to know before deciding: the coupon, if there is one, and which admission this customer already has. */
export interface Asking {
  readonly asker: Asker;
  readonly coupon: CouponOnOffer | undefined;
  readonly held: number | undefined;
}

export interface Admission {
  readonly asker: Asker;
  readonly coupon: CouponOnOffer;
  /** This customer is the n-th, from 1. */
  readonly admission: number;
}

const REFUSALS = {
  COUPON_NOT_FOUND: 'there is no such coupon',
  ALREADY_ISSUED: 'you have this coupon already: one per customer',
  COUPON_NOT_STARTED: 'this coupon is not given out yet',
  EXPIRED_COUPON: 'this coupon has expired',
  COUPON_SOLD_OUT: 'all coupons of this kind are gone',
} as const;

export type IssueRefusal = Refusal<keyof typeof REFUSALS>;

/**
 * Why this asker gets no coupon, or undefined when nothing speaks against it.
 *
 * A1: a refusal needs no lock. Coupons are never taken back, `issued` never falls and time does not return, so what
 *     an old snapshot refuses, a newer one refuses too; a coupon that was not there or not open yet was so at that moment.
 */
export function refusalOf({ asker: { couponId }, coupon, held }: Asking): IssueRefusal | undefined {
  if (!coupon) return issueRefusal('COUPON_NOT_FOUND', { couponId });
  if (held !== undefined) return issueRefusal('ALREADY_ISSUED', { couponId, admission: held });
  if (coupon.phase === 'UPCOMING') return issueRefusal('COUPON_NOT_STARTED', { couponId });
  if (coupon.phase === 'EXPIRED') return issueRefusal('EXPIRED_COUPON', { couponId, expiresAt: coupon.expiresAt.toISOString() });
  if (coupon.issued >= coupon.quantity) return issueRefusal('COUPON_SOLD_OUT', { couponId });
  return undefined;
}

export const issueRefusal = (code: keyof typeof REFUSALS, details: Readonly<Record<string, unknown>>): IssueRefusal => ({
  code,
  message: REFUSALS[code],
  details,
});

/**
 * Decides for all who ask, in the order in which they came; each sees what the one before has left. The coupons must
 * be locked: then nobody else admits.
 *
 * A2: admissions go on from `issued` without a gap, up to `quantity`.
 * A3: one per customer, also when the same customer asks twice at once.
 */
export function admitInTurn(askings: readonly Asking[]): Result<Admission, IssueRefusal>[] {
  const issuedOf = new Map<CouponId, number>();
  const admissionOf = new Map<string, number>();
  return askings.map(({ asker, coupon: found, held }) => {
    const who = `${asker.couponId}:${asker.userId}`;
    const coupon = found && { ...found, issued: issuedOf.get(asker.couponId) ?? found.issued };
    const refusal = refusalOf({ asker, coupon, held: held ?? admissionOf.get(who) });
    if (refusal || !coupon) return { ok: false, refusal: refusal as IssueRefusal };
    const admission = coupon.issued + 1;
    issuedOf.set(asker.couponId, admission);
    admissionOf.set(who, admission);
    return ok({ asker, coupon, admission });
  });
}
