import type { PaymentId } from '../../../src/kernel/ids.js';
import type { ShopTables } from '../store/shop-tables.js';

/** What a payment has taken and not given back, as a sentence's end; nothing when it left no trace. */
export function traceOf(tables: ShopTables, paymentId: PaymentId): string | undefined {
  const net = netChargeOf(tables, paymentId);
  if (net !== 0n) return `keeps ${net}`;
  const coupon = [...tables.userCoupons.rows.values()].find((held) => held.paymentId === paymentId);
  if (coupon) return `uses coupon ${coupon.couponId} of user ${coupon.userId}`;
  const hold = [...tables.holds.rows.values()].find((each) => each.paymentId === paymentId);
  return hold && `has ${hold.quantity} of option ${hold.optionId} ${hold.state}`;
}

export function netChargeOf(tables: ShopTables, paymentId: PaymentId): bigint {
  let net = 0n;
  for (const entry of tables.entries.rows.values()) if (entry.paymentId === paymentId) net -= entry.amount;
  return net;
}
