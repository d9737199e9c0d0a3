import type { Check } from '../check.js';

const NEVER_OVER_ISSUED = `
  SELECT id AS subject, false AS pending, format('coupon %s was issued %s times, of a quantity of %s', id, issued, quantity) AS sentence,
         jsonb_build_object('couponId', id, 'issued', issued, 'quantity', quantity) AS facts
  FROM shop_coupon.coupon WHERE issued NOT BETWEEN 0 AND quantity`;

const ISSUED_IS_WHAT_CUSTOMERS_HOLD = `
  SELECT coalesce(coupon.id, held.coupon_id) AS subject, false AS pending,
         CASE WHEN coupon.id IS NULL THEN format('%s customers hold coupon %s, which does not exist', held.customers, held.coupon_id)
              ELSE format('coupon %s counts %s issued, but %s are held', coupon.id, coupon.issued, coalesce(held.customers, 0))
         END AS sentence,
         jsonb_build_object('couponId', coalesce(coupon.id, held.coupon_id), 'issued', coupon.issued, 'held', coalesce(held.customers, 0)) AS facts
  FROM shop_coupon.coupon
  FULL JOIN (SELECT coupon_id, count(*) AS customers FROM shop_coupon.user_coupon GROUP BY coupon_id) held ON held.coupon_id = coupon.id
  WHERE coupon.id IS NULL OR coupon.issued <> coalesce(held.customers, 0)`;

const ADMISSIONS_WITHOUT_GAP = `
  SELECT coupon_id AS subject, false AS pending,
         format('coupon %s admitted %s customers under %s different numbers from %s to %s', coupon_id, customers, numbers, first, last) AS sentence,
         jsonb_build_object('couponId', coupon_id, 'customers', customers, 'numbers', numbers, 'first', first, 'last', last) AS facts
  FROM (
    SELECT coupon_id, count(*) AS customers, count(DISTINCT admission) AS numbers, min(admission) AS first, max(admission) AS last
    FROM shop_coupon.user_coupon GROUP BY coupon_id
  ) admitted
  WHERE first <> 1 OR last <> customers OR numbers <> customers`;

const ONE_PER_CUSTOMER = `
  SELECT coupon_id AS subject, false AS pending, format('customer %s holds %s of coupon %s', user_id, count(*), coupon_id) AS sentence,
         jsonb_build_object('couponId', coupon_id, 'userId', user_id, 'held', count(*)) AS facts
  FROM shop_coupon.user_coupon GROUP BY coupon_id, user_id HAVING count(*) > 1`;

export const COUPON_CHECKS: readonly Check[] = [
  {
    id: '4.1',
    title: 'no coupon is issued more often than its quantity',
    examines: 'coupons',
    reads: ['coupon'],
    findings: NEVER_OVER_ISSUED,
  },
  {
    id: '4.2',
    title: 'as many coupons are issued as customers hold',
    examines: 'coupons',
    reads: ['coupon'],
    findings: ISSUED_IS_WHAT_CUSTOMERS_HOLD,
  },
  {
    id: '4.3',
    title: 'admission numbers run from 1 without gap',
    examines: 'userCoupons',
    reads: ['coupon'],
    findings: ADMISSIONS_WITHOUT_GAP,
  },
  { id: '4.4', title: 'no customer holds two coupons of a kind', examines: 'userCoupons', reads: ['coupon'], findings: ONE_PER_CUSTOMER },
];
