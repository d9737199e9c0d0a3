import type { CouponId } from '../../kernel/ids.js';
import type { Reserved } from './coupon-copies.js';

/** Longer than any batch takes to be written. */
const SETTLED_MS_MAX = 500;
const COUPONS_WATCHED_MAX = 1_000;

/** Tells a reservation that somebody is about to write from one whose process has died: the same one is still the oldest later. */
export class AbandonedReservations {
  private readonly oldest = new Map<CouponId, { readonly ticket: number; readonly sinceMs: number }>();

  /** @returns whether the oldest open reservation has been seen for too long. */
  sees(couponId: CouponId, { firstTicket, openReservations }: Reserved, nowMs = performance.now()): boolean {
    const seen = this.oldest.get(couponId);
    if (openReservations === 0) {
      this.oldest.delete(couponId);
      return false;
    }
    if (seen?.ticket === firstTicket) return nowMs - seen.sinceMs > SETTLED_MS_MAX;
    if (this.oldest.size >= COUPONS_WATCHED_MAX) this.oldest.clear();
    this.oldest.set(couponId, { ticket: firstTicket, sinceMs: nowMs });
    return false;
  }
}
