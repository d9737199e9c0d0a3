import { ALERT_BUGS } from './alerts.js';
import { COUPON_AND_USER_BUGS } from './coupon-and-user.js';
import { KAFKA_BUGS } from './kafka.js';
import { JOURNAL_BUGS } from './journal.js';
import { LOCKING_BUGS } from './locking.js';
import { MESSAGING_BUGS } from './messaging.js';
import { ORDER_BUGS } from './order.js';
import { PARKING_BUGS } from './parking.js';
import type { PlantedBug } from './planted-bug.js';
import { PRODUCT_BUGS } from './product.js';

/** Every mistake that the simulation must find, each planted alone. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  ...MESSAGING_BUGS,
  ...KAFKA_BUGS,
  ...ALERT_BUGS,
  ...PARKING_BUGS,
  ...LOCKING_BUGS,
  ...JOURNAL_BUGS,
  ...ORDER_BUGS,
  ...PRODUCT_BUGS,
  ...COUPON_AND_USER_BUGS,
];
