import { OPERATOR } from '../../test/support/client.js';

export const JWT_SECRET = 'a secret of at least thirty-two characters';

/** Unpaid orders outlive the run: what a round has left over is not expired in the middle of the next. */
const HOLD_MINUTES = 24 * 60;

/** What the measured shop is set to, besides its database: nobody is limited, and nothing but warnings is logged. */
export const SHOP_SETTINGS = {
  JWT_SECRET,
  ADMIN_EMAIL: OPERATOR.email,
  ADMIN_PASSWORD: OPERATOR.password,
  HOLD_MINUTES: String(HOLD_MINUTES),
  RATE_LIMIT_PER_MINUTE: '0',
  LOG_LEVEL: 'warn',
};
