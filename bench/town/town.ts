import pg from 'pg';
import { type LoadGenerator } from '../load/load-generator.js';
import type { PlannedRequest } from '../load/plan.js';
import { clientOf } from '../../test/support/client.js';
import { accessTokens, type Customer, openAccounts } from './customers.js';

export interface TownSize {
  readonly customers: number;
  readonly products: number;
}

const BALANCE = 1_000_000_000;
const STOCK = 1_000_000;
const PRICE = 10;
const CLIENTS = 32;
const CATEGORY = 'benchmark';
const OPTIONS = `
  SELECT o.product_id AS "productId", o.product_option_id AS "optionId"
  FROM shop_product.product_option o JOIN shop_product.product USING (product_id) WHERE category = $1 ORDER BY 1`;

/** The customers and products that the scenarios share, and one product that everybody wants. */
export interface Town {
  readonly database: pg.Client;
  readonly address: string;
  readonly customers: readonly Customer[];
  /** They have no money. */
  readonly poor: readonly Customer[];
  readonly productIds: readonly number[];
  readonly optionIds: readonly number[];
  readonly hotOptionId: number;
}

/** Products come through the API, so that whoever must hear of them does; customers straight into the tables. */
export async function settleTown(address: string, databaseUrl: string, generator: LoadGenerator, size: TownSize): Promise<Town> {
  const database = new pg.Client({ connectionString: databaseUrl });
  database.on('error', () => {});
  await database.connect();
  const operator = await clientOf(address).operatorToken();
  const requests = Array.from({ length: size.products + 1 }, (_, index) => newProduct(index));
  const created = await generator.run({
    address,
    tokens: [operator],
    requests,
    arrivals: { kind: 'closed', clients: CLIENTS, secondsMax: 60 },
    expected: ['201'],
    attemptsMax: 1,
  });
  if (created.failed > 0 || created.begun < requests.length) throw new Error(`no products: ${JSON.stringify(created.outcomes)}`);
  const { rows } = await database.query<{ productId: string; optionId: string }>(OPTIONS, [CATEGORY]);
  const [hot, ...others] = rows;
  return {
    database,
    address,
    customers: await openAccounts(database, 'customer', size.customers, BALANCE),
    poor: await openAccounts(database, 'poor', size.customers, 0),
    productIds: others.map(({ productId }) => Number(productId)),
    optionIds: others.map(({ optionId }) => Number(optionId)),
    hotOptionId: Number(hot?.optionId),
  };
}

/** Tokens of customers who have been here before, as those who order have. */
export async function logIn(town: Town, generator: LoadGenerator, customers: readonly Customer[]): Promise<string[]> {
  const tokens = await accessTokens(customers);
  const requests = tokens.map((_, customer): PlannedRequest => ({ method: 'GET', path: '/api/users/me/balance', customer }));
  await generator.run({
    address: town.address,
    tokens,
    requests,
    arrivals: { kind: 'closed', clients: CLIENTS, secondsMax: 60 },
    expected: ['200'],
    attemptsMax: 1,
  });
  return tokens;
}

const newProduct = (index: number): PlannedRequest => ({
  method: 'POST',
  path: '/api/admin/products',
  customer: 0,
  body: JSON.stringify({ name: `product ${index}`, category: CATEGORY, price: PRICE, options: [{ name: 'one size', stock: STOCK }] }),
});
