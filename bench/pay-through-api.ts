import { OPERATOR } from '../test/support/client.js';
import type { LoadGenerator } from './load/load-generator.js';
import type { Measured, PlannedRequest } from './load/plan.js';

export interface Payments {
  readonly address: string;
  readonly clients: number;
  readonly orders: number;
  /** Of this round: the e-mail addresses of its customers begin with it. */
  readonly name: string;
}

const MONEY = 1_000_000_000;
const STOCK = 1_000_000;
const PRICE = 10;
const SECONDS_MAX = 300;
/** As often as it takes: what fails on the way is made again. */
const ATTEMPTS_MAX = 1_000;

/**
 * A customer and a product for each client, who places all orders first; then all are paid, as fast as there are answers. All
 * of it through the API, so that it is the same whatever processes and databases the shop is made of.
 */
export async function payThroughApi(generator: LoadGenerator, { address, clients, orders, name }: Payments): Promise<Measured> {
  const run = (tokens: readonly string[], requests: readonly PlannedRequest[], ...expected: string[]): Promise<Measured> =>
    generator.run({
      address,
      tokens,
      requests,
      expected,
      arrivals: { kind: 'closed', clients, secondsMax: SECONDS_MAX },
      attemptsMax: ATTEMPTS_MAX,
      keepBodies: true,
    });
  const each = Array.from({ length: clients }, (_, client) => client);
  const operator = idsIn<Token>(await run([], [post('/api/auth/login', OPERATOR)], '200')).map(({ accessToken }) => accessToken);
  const signUps = each.map((client) => post('/api/auth/signup', { email: `${name}-${client}@example.com`, password: 'bench-password' }));
  const customers = idsIn<Token & { userId: number }>(await run([], signUps, '201'));
  const charges = customers.map(({ userId }) => post(`/api/users/${userId}/balance/charges`, { amount: MONEY }, 0));
  await run(operator, charges, '201');
  const newProducts = each.map((client) =>
    post(
      '/api/admin/products',
      { name: `${name} ${client}`, category: 'bench', price: PRICE, options: [{ name: 'one', stock: STOCK }] },
      0,
    ),
  );
  const products = idsIn<{ options: { productOptionId: number }[] }>(await run(operator, newProducts, '201'));

  const tokens = customers.map(({ accessToken }) => accessToken);
  const placing = Array.from({ length: orders }, (_, index) => {
    const productOptionId = products[index % clients]?.options[0]?.productOptionId;
    return post('/api/orders', { items: [{ productOptionId, quantity: 1 }] }, index % clients);
  });
  const placed = idsIn<{ orderId: number }>(await run(tokens, placing, '201'));
  const paying = placed.map(({ orderId }, index) => post(`/api/orders/${orderId}/payment`, {}, index % clients));
  const paid = await run(tokens, paying, '200', '409 ALREADY_PAID');
  if (paid.failed > 0 || paid.begun < orders) throw new Error(`not every order was paid: ${JSON.stringify(paid.outcomes)}`);
  return paid;
}

interface Token {
  readonly accessToken: string;
}

const idsIn = <Body>({ bodies }: Measured): Body[] => bodies.map((body) => JSON.parse(body) as Body);

const post = (path: string, body: object, customer?: number): PlannedRequest => ({
  method: 'POST',
  path,
  body: JSON.stringify(body),
  ...(customer === undefined ? {} : { customer }),
});
