import { COUPON_RUSH } from './coupon-rush.js';
import { CREATE_ORDER } from './ordering.js';
import { PAY_COUPONS, PAY_HOT, PAY_REFUSED, PAY_UNIFORM } from './paying.js';
import { READ_PRODUCT, READ_TOP } from './reading.js';
import type { Scenario } from './scenario.js';
import { SHOP_DAY } from './shop-day.js';

export const SCENARIOS: readonly Scenario[] = [
  PAY_UNIFORM,
  PAY_COUPONS,
  PAY_HOT,
  CREATE_ORDER,
  COUPON_RUSH,
  PAY_REFUSED,
  SHOP_DAY,
  READ_PRODUCT,
  READ_TOP,
];
