import type { Plant } from './plant.js';

export const COUPON_PLANTS: readonly Plant[] = [
  {
    check: '4.1',
    what: 'a coupon issued once too often',
    sql: 'UPDATE shop_coupon.coupon SET quantity = 1 WHERE id = 1',
    sentences: ['coupon 1 was issued 2 times, of a quantity of 1'],
  },
  {
    check: '4.2',
    what: 'a coupon that counts more than customers hold',
    sql: 'UPDATE shop_coupon.coupon SET issued = 3 WHERE id = 1',
    sentences: ['coupon 1 counts 3 issued, but 2 are held'],
  },
  {
    check: '4.2',
    what: 'customers with a coupon that does not exist',
    sql: `INSERT INTO shop_coupon.user_coupon (id, coupon_id, user_id, admission) OVERRIDING SYSTEM VALUE VALUES (9, 20, 2, 1)`,
    sentences: ['1 customers hold coupon 20, which does not exist'],
  },
  {
    check: '4.3',
    what: 'a gap in the admissions',
    sql: 'UPDATE shop_coupon.user_coupon SET admission = 3 WHERE id = 2',
    sentences: ['coupon 1 admitted 2 customers under 2 different numbers from 1 to 3'],
  },
  {
    check: '4.3',
    what: 'an admission twice',
    sql: 'UPDATE shop_coupon.user_coupon SET admission = 1 WHERE id = 2',
    sentences: ['coupon 1 admitted 2 customers under 1 different numbers from 1 to 1'],
  },
  {
    check: '4.4',
    what: 'a customer with two of a kind',
    sql: 'UPDATE shop_coupon.user_coupon SET user_id = 2 WHERE id = 2',
    sentences: ['customer 2 holds 2 of coupon 1'],
  },
];
