/** The step of a payment that this domain does and undoes: its name as a subscriber and in the saga journal. Never rename it. */
export const USE_COUPON = 'coupon.use-coupon';
