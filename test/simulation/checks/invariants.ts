import type { World } from '../world.js';
import { eventsHandled } from './events.js';
import { netChargeOf, traceOf } from './payment-traces.js';

/** The invariants of the design (§11) over the committed tables of a world in which nothing is under way. @returns what is broken. */
export function brokenInvariants(world: World): string[] {
  return [
    ...money(world),
    ...stock(world),
    ...payments(world),
    ...coupons(world),
    ...eventsHandled(world),
    ...sideEffects(world),
    ...liveness(world),
  ];
}

/** 1. Money: all ledger entries sum to zero; balance = sum of its entries; no balance below zero. */
function* money({ tables }: World): Generator<string> {
  for (const { userId, balance } of tables.accounts.rows.values()) {
    if (balance < 0n) yield `1: account ${userId} has ${balance}`;
    let sum = 0n;
    for (const entry of tables.entries.rows.values()) {
      if (entry.userId !== userId) continue;
      if (entry.before !== sum) yield `1: entry ${entry.id} of account ${userId} begins at ${entry.before}, after ${sum}`;
      sum += entry.amount;
    }
    if (sum !== balance) yield `1: account ${userId} has a balance of ${balance}, and entries of ${sum}`;
  }
}

/** 2. Stock: stock + confirmed − returned = all receipts; reserved = live holds; nothing below zero. */
function* stock({ tables }: World): Generator<string> {
  for (const { optionId, received, stock: inStock, reserved } of tables.options.rows.values()) {
    const holds = [...tables.holds.rows.values()].filter((hold) => hold.optionId === optionId);
    const pieces = (state: string): number => holds.reduce((total, hold) => total + (hold.state === state ? hold.quantity : 0), 0);
    if (inStock + pieces('CONFIRMED') !== received) {
      yield `2: option ${optionId} has ${inStock} in stock and ${pieces('CONFIRMED')} sold of ${received}`;
    }
    if (reserved !== pieces('HELD')) yield `2: option ${optionId} has ${reserved} reserved and ${pieces('HELD')} held`;
    if (inStock < 0 || reserved < 0 || reserved > inStock) yield `2: option ${optionId} has ${inStock} in stock and ${reserved} reserved`;
  }
}

/** 3. PAID ⇔ one net charge of the final amount ⇔ all holds confirmed ⇔ its coupon used once. All others: no net charge, coupon free. */
function* payments({ tables, latestDatabaseMs, striker }: World): Generator<string> {
  for (const order of tables.orders.rows.values()) {
    const { orderId, status } = order;
    const attempts = [...tables.attempts.rows.values()].filter((attempt) => attempt.orderId === orderId);
    const holds = [...tables.holds.rows.values()].filter((hold) => hold.orderId === orderId);
    const coupon = [...tables.userCoupons.rows.values()].find((held) => held.orderId === orderId);
    const paid = attempts.filter(({ state }) => state === 'PAID');
    if (paid.length !== (status === 'PAID' ? 1 : 0)) yield `3: order ${orderId} is ${status} with ${paid.length} paid payment(s)`;
    if (holds.length !== order.lines.length) yield `3: order ${orderId} has ${order.lines.length} line(s) and ${holds.length} hold(s)`;

    for (const { paymentId, state, refusal } of attempts) {
      const trace = traceOf(tables, paymentId);
      if (state === 'REFUSED' && trace) yield `3: payment ${paymentId} of order ${orderId} was refused (${refusal?.code}), and ${trace}`;
    }
    if (status !== 'PAID') {
      if (coupon) yield `3: order ${orderId} is ${status}, and coupon ${coupon.couponId} is used for it`;
      const wanted = status === 'PENDING' || status === 'PAYMENT_PROCESSING' ? ['HELD', 'RELEASED'] : ['RELEASED'];
      const wrong = holds.find(({ state }) => !wanted.includes(state));
      if (wrong) yield `3: order ${orderId} is ${status}, and ${wrong.quantity} of option ${wrong.optionId} are ${wrong.state}`;
      const early = status === 'PENDING' && holds.find((hold) => hold.state === 'RELEASED' && hold.expiresAtMs > latestDatabaseMs);
      if (early) {
        yield `3: order ${orderId} is PENDING, and its hold of ${early.quantity} of option ${early.optionId} has been released before its expiry`;
      }
      continue;
    }
    const { paymentId, couponId, finalAmount } = order;
    const net = paymentId === null ? 0n : netChargeOf(tables, paymentId);
    if (net !== finalAmount) yield `3: order ${orderId} is PAID with ${finalAmount}, and payment ${paymentId} has charged ${net}`;
    const charged = [...tables.entries.rows.values()].filter((entry) => entry.paymentId === paymentId && entry.code === 'PAYMENT');
    if (charged.some(({ userId }) => userId !== order.userId)) {
      yield `3: order ${orderId} of user ${order.userId} is paid by user ${charged[0]?.userId}`;
    }
    const open = holds.find((hold) => hold.state !== 'CONFIRMED' || hold.paymentId !== paymentId);
    if (open) {
      yield `3: order ${orderId} is PAID by payment ${paymentId}, and ${open.quantity} of option ${open.optionId} are ${open.state} by payment ${open.paymentId}`;
    }
    const discount = couponId === null ? 0n : (order.totalAmount * BigInt(coupon?.discountRate ?? 0)) / 100n;
    if (
      (couponId === null) !== (coupon === undefined) ||
      (coupon && (coupon.couponId !== couponId || coupon.userId !== order.userId || coupon.paymentId !== paymentId))
    ) {
      yield `3: order ${orderId} of user ${order.userId} is PAID with coupon ${couponId}, and coupon ${coupon?.couponId} of user ${coupon?.userId} is used for it by payment ${coupon?.paymentId}`;
    }
    // The clock that is asked after the wait for the coupon decides; it may show less than at the transaction's begin, which is noted.
    const clockWentBack = striker.struck.has('database clock goes back');
    const isLate = coupon !== undefined && (coupon.usedAtMs ?? 0) >= coupon.expiresAtMs;
    if (isLate && !clockWentBack) yield `3: order ${orderId} used coupon ${coupon.couponId} after its expiry`;
    if (order.discountAmount !== discount) {
      yield `3: order ${orderId} has a discount of ${order.discountAmount}, and its coupon gives ${discount}`;
    }
    if (order.totalAmount !== order.lines.reduce((total, { subtotal }) => total + subtotal, 0n)) {
      yield `3: the lines of order ${orderId} do not sum to ${order.totalAmount}`;
    }
  }
  for (const entry of tables.entries.rows.values()) {
    if (entry.paymentId !== null && !tables.attempts.rows.has(entry.paymentId)) {
      yield `3: entry ${entry.id} is of payment ${entry.paymentId}, which does not exist`;
    }
  }
  for (const { orderId, state, quantity, optionId } of tables.holds.rows.values()) {
    if (state === 'CONFIRMED' && !tables.orders.rows.has(orderId)) {
      yield `3: ${quantity} of option ${optionId} are sold to order ${orderId}, which does not exist`;
    }
  }
}

/** 4. Coupons: one per customer, and none appears or disappears. */
function* coupons({ tables, history }: World): Generator<string> {
  const issued = history.coupons.reduce((total, { holders }) => total + holders.length, 0);
  if (tables.userCoupons.rows.size !== issued) yield `4: ${issued} coupons were issued, and there are ${tables.userCoupons.rows.size}`;
  for (const { id, couponId, userId } of tables.userCoupons.rows.values()) {
    if (!history.coupons[couponId - 1]?.holders.includes(userId)) yield `4: user coupon ${id} of ${couponId} belongs to user ${userId} now`;
  }
}

/** 6. Side effects: ranking and data platform = the set of paid orders. */
function* sideEffects({ tables }: World): Generator<string> {
  const sold = new Map<number, number>();
  for (const order of tables.orders.rows.values()) {
    if (order.status !== 'PAID') continue;
    for (const { productId, quantity } of order.lines) sold.set(productId, (sold.get(productId) ?? 0) + quantity);
    if (!tables.dataPlatform.includes(`order.processed:${order.orderId}`)) {
      yield `6: the data platform does not have order ${order.orderId}`;
    }
  }
  for (const productId of new Set([...sold.keys(), ...tables.sales.rows.values().map((row) => row.productId)])) {
    const ranked = tables.sales.rows.get(productId)?.units ?? 0;
    if (ranked !== (sold.get(productId) ?? 0)) {
      yield `6: product ${productId} is ranked with ${ranked} units, and ${sold.get(productId) ?? 0} were sold`;
    }
  }
  for (const id of new Set(tables.dataPlatform)) {
    const order = tables.orders.rows.get(Number(id.split(':')[1]));
    if (order?.status !== 'PAID') yield `6: the data platform has ${id}, and that order is ${order?.status}`;
  }
}

/** 7. Liveness: no order stays in PAYMENT_PROCESSING, and no payment stays half rolled back. */
function* liveness({ tables }: World): Generator<string> {
  for (const { orderId, status } of tables.orders.rows.values()) {
    const underWay = [...tables.attempts.rows.values()].filter(
      (attempt) => attempt.orderId === orderId && (attempt.state === 'RUNNING' || attempt.state === 'ROLLING_BACK'),
    );
    if (status === 'PAYMENT_PROCESSING' || underWay.length > 0) {
      yield `7: order ${orderId} is ${status}, its payment ${underWay[0]?.paymentId} ${underWay[0]?.state}`;
    }
  }
}
