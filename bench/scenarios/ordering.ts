import type { PlannedRequest } from '../load/plan.js';
import { randomFrom } from '../load/schedule.js';
import { logIn, type Town } from '../town/town.js';
import type { Scenario } from './scenario.js';

export const CREATE_ORDER: Scenario = {
  name: 'create-order',
  title: 'Create an order',
  loads: [{ clients: 1 }, { clients: 32, target: { ratioMin: 1 } }, { clients: 128, target: { ratioMin: 1 } }],
  expected: ['201'],
  yardstick: 'create in one transaction',
  counted: true,
  async prepare(town, generator) {
    const random = randomFrom(1);
    return {
      tokens: await logIn(town, generator, town.customers),
      requests: (count) => Promise.resolve(Array.from({ length: count }, () => newOrder(town, random))),
    };
  },
};

export function newOrder({ customers, optionIds }: Town, random: () => number): PlannedRequest {
  const productOptionId = optionIds[Math.floor(random() * optionIds.length)];
  return {
    method: 'POST',
    path: '/api/orders',
    customer: Math.floor(random() * customers.length),
    body: JSON.stringify({ items: [{ productOptionId, quantity: 1 }] }),
  };
}
