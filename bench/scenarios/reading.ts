import type { PlannedRequest } from '../load/plan.js';
import { randomFrom } from '../load/schedule.js';
import type { Town } from '../town/town.js';
import type { Scenario } from './scenario.js';

export const READ_PRODUCT: Scenario = {
  name: 'read-product',
  title: 'Read a product',
  loads: [{ clients: 128 }],
  expected: ['200'],
  prepare: (town) => {
    const random = randomFrom(1);
    return Promise.resolve({
      tokens: [],
      requests: (count) => Promise.resolve(Array.from({ length: count }, () => aProduct(town, random))),
    });
  },
};

export const READ_TOP: Scenario = {
  name: 'read-top',
  title: 'Read the top products',
  loads: [{ clients: 128 }],
  expected: ['200'],
  prepare: () => Promise.resolve({ tokens: [], requests: (count) => Promise.resolve(Array.from({ length: count }, () => TOP_PRODUCTS)) }),
};

export const TOP_PRODUCTS: PlannedRequest = { method: 'GET', path: '/api/products/top' };

export const aProduct = ({ productIds }: Town, random: () => number): PlannedRequest => ({
  method: 'GET',
  path: `/api/products/${productIds[Math.floor(random() * productIds.length)]}`,
});
