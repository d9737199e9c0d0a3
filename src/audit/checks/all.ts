import type { Check } from '../check.js';
import { MONEY_CHECKS } from './1-money.js';
import { STOCK_CHECKS } from './2-stock.js';
import { ORDER_CHECKS } from './3-orders.js';
import { PAYMENT_CHECKS } from './3-payments.js';
import { COUPON_CHECKS } from './4-coupons.js';
import { eventChecks } from './5-events.js';
import { type FilesRead, sideEffectChecks } from './6-side-effects.js';
import { livenessChecks } from './7-liveness.js';

/**
 * Every check, in the order of the invariants.
 *
 * @param domains those with an event log.
 */
export const checksFor = (domains: readonly string[], { files }: { readonly files: FilesRead }): readonly Check[] => [
  ...MONEY_CHECKS,
  ...STOCK_CHECKS,
  ...ORDER_CHECKS,
  ...PAYMENT_CHECKS,
  ...COUPON_CHECKS,
  ...eventChecks(domains),
  ...sideEffectChecks(files),
  ...livenessChecks(domains),
];
