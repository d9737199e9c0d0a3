import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type TopComparison, compareTop, topAgrees } from './compare-top.js';
import { concurrently } from './concurrently.js';
import type { Article } from './import-catalogue.js';
import type { Account } from './open-accounts.js';
import type { Stage } from './progress.js';
import type { Session } from './session.js';
import type { ShopApi } from './shop-api.js';

export const TOP_ROWS = 10;
const RANKING_MS_MAX = 15_000;
const LOOK_AGAIN_MS = 200;
const DAY_MS = 24 * 60 * 60 * 1_000;

const Product = z.object({ options: z.tuple([z.object({ stock: z.int(), available: z.int() })]) });
const Balance = z.object({ balance: z.int() });
const Top = z.object({ items: z.array(z.object({ rank: z.int(), productId: z.int(), name: z.string(), salesCount: z.int() })) });

/** What the shop says after the last payment about the products and accounts of this run. */
export interface ShopBooks {
  readonly stockBefore: number;
  readonly stockAfter: number;
  readonly reserved: number;
  readonly optionsNotSoldOut: number;
  readonly balancesLeft: number;
  readonly accountsNotEmpty: number;
  readonly top: TopComparison;
}

export interface BookReading {
  readonly api: ShopApi;
  readonly operator: Session;
  readonly articles: readonly Article[];
  readonly accounts: readonly Account[];
  /** When the first order was placed; milliseconds since 1970. */
  readonly since: number;
  readonly clients: number;
  readonly stage: Stage;
}

export async function readBooks({ api, operator, articles, accounts, since, clients, stage }: BookReading): Promise<ShopBooks> {
  const stocks: { readonly stock: number; readonly available: number }[] = [];
  await concurrently(articles, clients, async ({ productId }) => {
    stocks.push((await api.must(200, Product, { method: 'GET', path: `/api/products/${productId}` })).options[0]);
    stage.step();
  });
  const balances: number[] = [];
  await concurrently(accounts, clients, async ({ session }) => {
    balances.push((await operator.must(200, Balance, { method: 'GET', path: `/api/users/${session.userId}/balance` })).balance);
    stage.step();
  });
  return {
    stockBefore: total(articles.map(({ stock }) => stock)),
    stockAfter: total(stocks.map(({ stock }) => stock)),
    reserved: total(stocks.map(({ stock, available }) => stock - available)),
    optionsNotSoldOut: stocks.filter(({ stock }) => stock !== 0).length,
    balancesLeft: total(balances),
    accountsNotEmpty: balances.filter((balance) => balance !== 0).length,
    top: await readTop(api, articles, since),
  };
}

/** The ranking follows the payments at a distance, so it gets some time to come to what the file says. */
async function readTop(api: ShopApi, articles: readonly Article[], since: number): Promise<TopComparison> {
  const unitsInFile = new Map(articles.map(({ productId, item }) => [productId, item.units]));
  const giveUpAt = performance.now() + RANKING_MS_MAX;
  for (;;) {
    // The shop ranks by the days of payment, in UTC, and a run may pass midnight.
    const days = Math.floor(Date.now() / DAY_MS) - Math.floor(since / DAY_MS) + 1;
    const { items } = await api.must(200, Top, { method: 'GET', path: `/api/products/top?days=${days}&limit=${TOP_ROWS}` });
    const top = compareTop(items, unitsInFile, TOP_ROWS);
    if (topAgrees(top) || performance.now() > giveUpAt) return top;
    await sleep(LOOK_AGAIN_MS);
  }
}

const total = (amounts: readonly number[]): number => amounts.reduce((sum, amount) => sum + amount, 0);
