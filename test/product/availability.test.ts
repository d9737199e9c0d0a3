import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ProductId, ProductOptionId, UserId } from '../../src/kernel/ids.js';
import { money } from '../../src/kernel/money.js';
import { OrderCancelled } from '../../src/order/application/events/order-cancelled.event.js';
import { ChangedAvailability } from '../../src/product/application/changed-availability.js';
import { ProductPublication } from '../../src/product/application/product-publication.js';
import { PublishAvailabilityUseCase } from '../../src/product/application/publish-availability.use-case.js';
import type { PublishedProduct } from '../../src/product/domain/product.repository.js';
import { PgProductRepository } from '../../src/product/infrastructure/pg-product.repository.js';
import { type ProductDomain, openProductDomain } from './product-domain.js';

const operatorId = 1 as UserId;
let shop: ProductDomain;
let order = 0;

beforeAll(async () => void (shop = await openProductDomain()));
afterAll(() => shop.close());

async function told(productId: ProductId): Promise<PublishedProduct[]> {
  const events = await shop.published<PublishedProduct>('product.changed');
  return events.filter((event) => event.productId === productId);
}

async function publishAll(publisher = shop.publishAvailability): Promise<void> {
  while (await publisher.execute());
}

const receive = (productOptionId: ProductOptionId, quantity: number, requestKey: string | null = null) =>
  shop.receiveStock.execute({ productOptionId, quantity, note: 'delivery 7', operatorId, requestKey });

test('a new product is told of with all its options, and its initial stock has receipts', async () => {
  const { productId, options } = await shop.product([5, 0]);
  expect(await told(productId)).toEqual([
    {
      productId,
      revision: 1,
      name: 'Teapot',
      price: 1_000,
      onSale: true,
      options: [
        { productOptionId: options[0], name: 'option 1', available: 5 },
        { productOptionId: options[1], name: 'option 2', available: 0 },
      ],
    },
  ]);
  const receipts = await shop.rows(
    'SELECT product_option_id, quantity, note, operator_id FROM shop_product.stock_receipt WHERE product_option_id = ANY ($1::bigint[])',
    [options],
  );
  expect(receipts).toEqual([{ product_option_id: options[0], quantity: 5, note: 'initial stock', operator_id: 1 }]);
});

test('a change is told of in the transaction that makes it, and keeps what it does not name', async () => {
  const { productId } = await shop.product([5], { description: 'holds a litre' });
  expect(await shop.changeProduct.execute(productId, { price: money(900), onSale: false })).toEqual({ ok: true, value: productId });
  expect((await told(productId)).map(({ revision, name, price, onSale }) => [revision, name, price, onSale])).toEqual([
    [1, 'Teapot', 1_000, true],
    [2, 'Teapot', 900, false],
  ]);
  expect(await shop.queries.detail(productId)).toMatchObject({ description: 'holds a litre', category: 'kitchen', price: 900 });
});

test('a change of a product that does not exist is refused', async () => {
  expect(await shop.changeProduct.execute(999_999 as ProductId, { price: money(1) })).toMatchObject({
    refusal: { code: 'PRODUCT_NOT_FOUND' },
  });
});

test('received stock is available at once', async () => {
  const { productId, options } = await shop.product([5]);
  await shop.place(++order, [options[0] as ProductOptionId, 4]);
  expect(await receive(options[0] as ProductOptionId, 10)).toEqual({ ok: true, value: { productId, stock: 15, available: 11 } });
  expect((await told(productId)).at(-1)).toMatchObject({ revision: 2, options: [{ available: 11 }] });
});

test('stock is received once per request key, even at once, and a key belongs to one receipt', async () => {
  const { productId, options } = await shop.product([5]);
  const [option] = options as [ProductOptionId];
  const answers = await Promise.all([receive(option, 10, 'key 1'), receive(option, 10, 'key 1'), receive(option, 10, 'key 1')]);
  expect(answers).toEqual(answers.map(() => ({ ok: true, value: { productId, stock: 15, available: 15 } })));
  expect(await receive(option, 11, 'key 1')).toMatchObject({ refusal: { code: 'IDEMPOTENCY_KEY_REUSED' } });
  expect(await shop.option(option)).toEqual({ stock: 15, reserved: 0 });
});

test('stock of an option that does not exist is refused', async () => {
  expect(await receive(999_999 as ProductOptionId, 1)).toMatchObject({ refusal: { code: 'PRODUCT_OPTION_NOT_FOUND' } });
});

test('receipts cannot be changed or removed', async () => {
  const { options } = await shop.product([5]);
  await expect(shop.rows('UPDATE shop_product.stock_receipt SET quantity = 6 WHERE product_option_id = $1', options)).rejects.toThrow(
    'append-only',
  );
  await expect(shop.rows('DELETE FROM shop_product.stock_receipt WHERE product_option_id = $1', options)).rejects.toThrow('append-only');
});

test('orders are told of later, many at a time: one event says where all of them have led', async () => {
  const { productId, options } = await shop.product([50]);
  const [option] = options as [ProductOptionId];
  const orders = [++order, ++order, ++order];
  await Promise.all(orders.map((each) => shop.place(each, [option, 5])));
  expect(await told(productId)).toHaveLength(1);
  await publishAll();
  expect((await told(productId)).map(({ revision, options: [first] }) => [revision, first?.available])).toEqual([
    [1, 50],
    [2, 35],
  ]);
});

test('a payment changes nothing that is available, so nothing is told', async () => {
  const { productId, options } = await shop.product([50]);
  await shop.place(++order, [options[0] as ProductOptionId, 5]);
  await publishAll();
  await shop.pay(order, order);
  await publishAll();
  expect(await told(productId)).toHaveLength(2);
});

test('what came and went between two rounds is not told', async () => {
  const { productId, options } = await shop.product([50]);
  await shop.place(++order, [options[0] as ProductOptionId, 5]);
  await shop.publish('order', OrderCancelled.of({ orderId: order, userId: 2, at: '2026-11-22T12:00:00.000Z' }));
  await publishAll();
  expect(await told(productId)).toHaveLength(1);
});

test('a start tells of what a crash left untold', async () => {
  const { productId, options } = await shop.product([50]);
  await shop.place(++order, [options[0] as ProductOptionId, 5]);
  // A process that starts now remembers nothing.
  const products = new PgProductRepository();
  const publication = new ProductPublication(products, shop.bus);
  await publishAll(new PublishAvailabilityUseCase(shop.unitOfWork, products, publication, new ChangedAvailability()));
  expect((await told(productId)).at(-1)).toMatchObject({ revision: 2, options: [{ available: 45 }] });
});

test('revisions tell of ever later states when changes, receipts and orders meet', async () => {
  const { productId, options } = await shop.product([1_000]);
  const [option] = options as [ProductOptionId];
  await Promise.all(
    Array.from({ length: 12 }, async (_, index) => {
      await shop.place(1_000 + index, [option, 1]);
      await receive(option, 10);
      await shop.changeProduct.execute(productId, { price: money(1_000 + index) });
      await shop.publishAvailability.execute();
    }),
  );
  await publishAll();
  const events = await told(productId);
  expect(events.map(({ revision }) => revision)).toEqual(events.map((_, index) => index + 1));
  expect(events.at(-1)?.options).toEqual([{ productOptionId: option, name: 'option 1', available: 1_000 + 120 - 12 }]);
  expect(events.at(-1)?.price).toBe((await shop.queries.detail(productId))?.price);
});
