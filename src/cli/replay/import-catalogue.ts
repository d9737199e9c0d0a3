import { z } from 'zod';
import { concurrently } from './concurrently.js';
import type { CatalogueItem } from './history.js';
import type { Stage } from './progress.js';
import type { Session } from './session.js';
import type { Answer } from './shop-api.js';

/** The most pieces that come in with a product or with one receipt. */
const RECEIPT_PIECES_MAX = 1_000_000;
const LIST_ROWS_MAX = 100;

/** An item of the history in the shop: a product with one option, named by its stock code. */
export interface Article {
  readonly item: CatalogueItem;
  readonly productId: number;
  readonly productOptionId: number;
  /** What the shop said it has, before the first sale. */
  readonly stock: number;
}

const Product = z.object({
  productId: z.int(),
  price: z.int(),
  options: z.tuple([z.object({ productOptionId: z.int(), name: z.string(), stock: z.int() })]),
});
const ProductList = z.object({ items: z.array(z.object({ productId: z.int(), price: z.int() })) });
const StockLevel = z.object({ stock: z.int() });

export interface CatalogueImport {
  readonly operator: Session;
  readonly items: readonly CatalogueItem[];
  /** Of this run alone, so that its products can be told from those of others. */
  readonly category: string;
  readonly runId: string;
  readonly clients: number;
  readonly stage: Stage;
}

/** Puts every item on sale with exactly as many pieces as the history sells, so that a perfect replay ends at stock 0. */
export async function importCatalogue({
  operator,
  items,
  category,
  runId,
  clients,
  stage,
}: CatalogueImport): Promise<Map<CatalogueItem, Article>> {
  const articles = new Map<CatalogueItem, Article>();
  await concurrently(items, clients, async (item, index) => {
    const idempotencyKey = `replay-${runId}-product-${index}`;
    const stock = Math.min(item.units, RECEIPT_PIECES_MAX);
    const body = { name: item.name, category, price: Number(item.price), options: [{ name: item.stockCode, stock }] };
    const product = await operator.must(201, Product, { method: 'POST', path: '/api/admin/products', body, idempotencyKey }, () =>
      findProduct(operator, category, item),
    );
    const [{ productOptionId, stock: received }] = product.options;
    const inAll = await receiveTheRest(operator, productOptionId, received, item.units, idempotencyKey);
    articles.set(item, { item, productId: product.productId, productOptionId, stock: inAll });
    stage.step();
  });
  return articles;
}

async function receiveTheRest(operator: Session, optionId: number, received: number, wanted: number, key: string): Promise<number> {
  let stock = received;
  for (let receipt = 1; stock < wanted; receipt++) {
    const body = { quantity: Math.min(wanted - stock, RECEIPT_PIECES_MAX) };
    const call = {
      method: 'POST',
      path: `/api/admin/options/${optionId}/receipts`,
      body,
      idempotencyKey: `${key}-receipt-${receipt}`,
    } as const;
    ({ stock } = await operator.must(201, StockLevel, call));
  }
  return stock;
}

/** Answers as the lost answer would have, when the product came into being. It is among the latest. */
async function findProduct(operator: Session, category: string, { stockCode, price }: CatalogueItem): Promise<Answer | undefined> {
  const path = `/api/products?category=${encodeURIComponent(category)}&sort=latest&limit=${LIST_ROWS_MAX}`;
  const { items } = await operator.must(200, ProductList, { method: 'GET', path });
  for (const { productId } of items.filter((listed) => BigInt(listed.price) === price)) {
    const product = await operator.must(200, Product, { method: 'GET', path: `/api/products/${productId}` });
    if (product.options[0].name === stockCode) return { status: 201, body: product };
  }
  return undefined;
}
