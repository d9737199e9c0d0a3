import type { PlannedRequest } from '../load/plan.js';
import { accessTokens, type Customer, openAccounts } from '../town/customers.js';
import type { Scenario } from './scenario.js';

const CUSTOMERS = { full: 10_000, quick: 300 };
const CUSTOMERS_PER_COUPON = 10;

const OFFER = `
  INSERT INTO shop_coupon.coupon (name, discount_rate, quantity, starts_at, expires_at)
  VALUES ('rush', 10, $1, now(), now() + interval '1 day') RETURNING id`;
const GIVEN = `
  SELECT c.quantity, c.issued, count(*)::int AS held, count(DISTINCT user_id)::int AS customers,
         min(admission) AS first, max(admission) AS last, count(DISTINCT admission)::int AS admissions
  FROM shop_coupon.coupon c JOIN shop_coupon.user_coupon u ON u.coupon_id = c.id
  WHERE c.id = $1 GROUP BY c.id`;

export const couponRequest = (couponId: number, customer: number): PlannedRequest => ({
  method: 'POST',
  path: `/api/coupons/${couponId}/issue`,
  customer,
  body: '{}',
});

/** Everybody asks once, for a coupon of which there are enough for one in ten, and the shop has never seen their tokens. */
export const COUPON_RUSH: Scenario = {
  name: 'coupon-rush',
  title: 'Coupon rush: 10,000 ask for 1,000',
  loads: [{ clients: 128, target: { perSecondMin: 5_000 } }],
  expected: ['201', '422 COUPON_SOLD_OUT'],
  requestsEach: CUSTOMERS,
  async prepare({ database }) {
    let crowd: readonly Customer[] = [];
    let couponId = 0;
    const tokens: string[] = [];
    return {
      tokens,
      async requests(count) {
        if (crowd.length < count) crowd = await openAccounts(database, 'rush', count, 0);
        tokens.splice(0, tokens.length, ...(await accessTokens(crowd.slice(0, count))));
        const { rows } = await database.query<{ id: string }>(OFFER, [count / CUSTOMERS_PER_COUPON]);
        couponId = Number(rows[0]?.id);
        return tokens.map((_, customer) => couponRequest(couponId, customer));
      },
      async check() {
        const { rows } = await database.query<Record<string, number>>(GIVEN, [couponId]);
        const { quantity, first, ...allOfThem } = rows[0] ?? {};
        if (first !== 1 || Object.values(allOfThem).some((figure) => figure !== quantity)) {
          throw new Error(`given in the rush: ${JSON.stringify(rows[0] ?? 'nothing')}`);
        }
      },
    };
  },
};
