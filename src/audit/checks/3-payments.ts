import type { Check } from '../check.js';

/** What each payment took from whom, after what it gave back. */
const CHARGE = `
  SELECT payment_id, count(*) FILTER (WHERE code = 'PAYMENT') AS charges, -sum(amount) AS net, min(user_id) AS payer, count(DISTINCT user_id) AS payers
  FROM shop_user.ledger_entry WHERE payment_id IS NOT NULL GROUP BY payment_id`;

const PAID_ORDERS_ARE_CHARGED_ONCE = `
  SELECT o.order_id AS subject, false AS pending,
         format('order %s of customer %s is PAID with %s; its payment %s charged %s time(s), %s in all, customer %s', o.order_id, o.user_id,
                o.final_amount, o.payment_id, coalesce(charge.charges, 0), coalesce(charge.net, 0), coalesce(charge.payer::text, 'nobody')) AS sentence,
         jsonb_build_object('orderId', o.order_id, 'paymentId', o.payment_id, 'finalAmount', o.final_amount,
                            'charges', coalesce(charge.charges, 0), 'charged', coalesce(charge.net, 0)) AS facts
  FROM shop_order.orders o
  LEFT JOIN (${CHARGE}) charge ON charge.payment_id = o.payment_id
  WHERE o.status = 'PAID'
    -- An order that a coupon paid in full leaves no entry: there is none of zero.
    AND (coalesce(charge.net, 0) <> o.final_amount OR coalesce(charge.charges, 0) <> (o.final_amount > 0)::int
         OR charge.payer <> o.user_id OR charge.payers > 1)`;

const CHARGES_ARE_OF_PAID_ORDERS = `
  SELECT charge.payment_id AS subject, false AS pending,
         format('payment %s keeps %s of customer %s, but %s', charge.payment_id, charge.net, charge.payer,
                CASE WHEN a.state IS NULL THEN 'there is no such payment'
                     WHEN a.state = 'PAID' THEN format('order %s was not paid by it (it is %s)', a.order_id, coalesce(o.status, 'unknown'))
                     ELSE format('it is %s for %s of customer %s, order %s', a.state, a.total_amount, a.user_id, a.order_id)
                END) AS sentence,
         jsonb_build_object('paymentId', charge.payment_id, 'orderId', a.order_id, 'state', a.state, 'userId', charge.payer, 'charged', charge.net) AS facts
  FROM (${CHARGE}) charge
  LEFT JOIN shop_order.payment_attempt a USING (payment_id)
  LEFT JOIN shop_order.orders o ON o.order_id = a.order_id
  WHERE CASE a.state
          WHEN 'PAID' THEN o.payment_id IS DISTINCT FROM charge.payment_id AND charge.net <> 0
          WHEN 'RUNNING' THEN charge.charges > 1 OR charge.net NOT BETWEEN 0 AND a.total_amount OR charge.payer <> a.user_id OR charge.payers > 1
          WHEN 'ROLLING_BACK' THEN charge.charges > 1 OR charge.net NOT BETWEEN 0 AND a.total_amount OR charge.payer <> a.user_id OR charge.payers > 1
          ELSE charge.net <> 0
        END`;

const PAID_ORDERS_USED_THEIR_COUPON = `
  SELECT o.order_id AS subject, false AS pending,
         format('order %s is PAID with coupon %s and a discount of %s on %s, %s', o.order_id, coalesce(o.coupon_id::text, 'none'), o.discount_amount, o.total_amount,
                CASE WHEN used.id IS NULL THEN 'but no coupon was used for it'
                     ELSE format('but coupon %s of %s %% was used for it, by customer %s and payment %s',
                                 used.coupon_id, used.discount_rate, used.user_id, coalesce(used.payment_id::text, 'none'))
                END) AS sentence,
         jsonb_build_object('orderId', o.order_id, 'couponId', o.coupon_id, 'discountAmount', o.discount_amount, 'usedCouponId', used.coupon_id,
                            'userCouponId', used.id, 'discountRate', used.discount_rate) AS facts
  FROM shop_order.orders o
  LEFT JOIN (
    SELECT held.*, coupon.discount_rate FROM shop_coupon.user_coupon held LEFT JOIN shop_coupon.coupon coupon ON coupon.id = held.coupon_id
    WHERE held.order_id IS NOT NULL
  ) used ON used.order_id = o.order_id
  WHERE o.status = 'PAID'
    AND CASE WHEN o.coupon_id IS NULL THEN used.id IS NOT NULL OR o.discount_amount <> 0
             -- Whole minor units: what the rate leaves over stays with the shop.
             ELSE used.id IS NULL OR used.state <> 'USED' OR used.coupon_id <> o.coupon_id OR used.user_id <> o.user_id
                  OR used.payment_id IS DISTINCT FROM o.payment_id
                  OR o.discount_amount IS DISTINCT FROM floor(o.total_amount::numeric * used.discount_rate / 100)
        END`;

const COUPONS_ARE_USED_FOR_PAID_ORDERS = `
  SELECT used.id AS subject, false AS pending,
         format('coupon %s of customer %s is used for order %s by payment %s, but %s', used.coupon_id, used.user_id, coalesce(used.order_id::text, 'none'),
                coalesce(used.payment_id::text, 'none'),
                CASE WHEN o.status IS NULL THEN 'there is no such order'
                     ELSE format('that order is %s and that payment %s', o.status, coalesce(a.state, 'unknown'))
                END) AS sentence,
         jsonb_build_object('userCouponId', used.id, 'couponId', used.coupon_id, 'userId', used.user_id, 'orderId', used.order_id,
                            'paymentId', used.payment_id, 'status', o.status) AS facts
  FROM shop_coupon.user_coupon used
  LEFT JOIN shop_order.orders o USING (order_id)
  LEFT JOIN shop_order.payment_attempt a ON a.payment_id = used.payment_id
  WHERE (used.state = 'USED' OR used.order_id IS NOT NULL)
    -- What a paid order used is judged from the order's side.
    AND o.status IS DISTINCT FROM 'PAID'
    AND (a.state IN ('RUNNING', 'ROLLING_BACK') AND a.order_id = used.order_id AND a.user_id = used.user_id AND a.coupon_id = used.coupon_id) IS NOT TRUE`;

export const PAYMENT_CHECKS: readonly Check[] = [
  {
    id: '3.6',
    title: 'each paid order was charged once, its final amount',
    examines: 'paidOrders',
    reads: ['order', 'user'],
    findings: PAID_ORDERS_ARE_CHARGED_ONCE,
  },
  {
    id: '3.7',
    title: 'nothing is charged without a paid order',
    examines: 'chargedPayments',
    reads: ['order', 'user'],
    findings: CHARGES_ARE_OF_PAID_ORDERS,
  },
  {
    id: '3.8',
    title: 'each paid order used its coupon once, at its rate',
    examines: 'paidOrders',
    reads: ['order', 'coupon'],
    findings: PAID_ORDERS_USED_THEIR_COUPON,
  },
  {
    id: '3.9',
    title: 'no coupon is used without a paid order',
    examines: 'usedCoupons',
    reads: ['order', 'coupon'],
    findings: COUPONS_ARE_USED_FOR_PAID_ORDERS,
  },
];
