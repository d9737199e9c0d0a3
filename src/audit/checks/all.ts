import type { Check } from '../check.js';
import { COUPON_CHECKS } from './4-coupons.js';
import { eventChecks } from './5-events.js';
import { MONEY_CHECKS } from './1-money.js';
import { ORDER_CHECKS } from './3-orders.js';
import { PAYMENT_CHECKS } from './3-payments.js';
import { RANKING_CHECKS } from './6-ranking.js';
import { STOCK_CHECKS } from './2-stock.js';

/** Every check, in the order of the invariants. */
export const checksFor = (schemas: readonly string[]): readonly Check[] => [
  ...MONEY_CHECKS,
  ...STOCK_CHECKS,
  ...ORDER_CHECKS,
  ...PAYMENT_CHECKS,
  ...COUPON_CHECKS,
  ...eventChecks(schemas),
  ...RANKING_CHECKS,
];
