import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../support/client.js';
import { type TestShop, startShop } from '../support/shop.js';

let shop: TestShop;
let operator: string;
let customer: string;

beforeAll(async () => {
  shop = await startShop();
  operator = await shop.operatorToken();
  customer = (await shop.customer()).token;
});
afterAll(() => shop.stop());

const asOperator = (method: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  shop.api(method, path, { token: operator, body, headers });

const teapot = {
  name: 'Teapot',
  description: 'Holds a litre.\nPours well.',
  category: 'kitchen',
  price: 2_900,
  options: [
    { name: 'blue', stock: 5 },
    { name: 'red', stock: 0 },
  ],
};

async function createTeapot(facts: object = {}): Promise<{ productId: number; blue: number }> {
  const { status, body } = await asOperator('POST', '/api/admin/products', { ...teapot, ...facts });
  expect(status).toBe(201);
  return { productId: body.productId as number, blue: body.options[0].productOptionId as number };
}

describe('an operator', () => {
  test('creates a product and gets it as everybody sees it', async () => {
    const { status, body } = await asOperator('POST', '/api/admin/products', teapot);
    expect(status).toBe(201);
    expect(body).toEqual({
      productId: expect.any(Number),
      name: 'Teapot',
      description: 'Holds a litre.\nPours well.',
      category: 'kitchen',
      price: 2_900,
      currency: 'KRW',
      onSale: true,
      createdAt: expect.stringMatching(/Z$/),
      options: [
        { productOptionId: expect.any(Number), name: 'blue', stock: 5, available: 5 },
        { productOptionId: expect.any(Number), name: 'red', stock: 0, available: 0 },
      ],
    });
    expect((await shop.api('GET', `/api/products/${body.productId}`)).body).toEqual(body);
  });

  test('creates one product of a repeated request', async () => {
    const headers = { 'idempotency-key': 'create a teapot' };
    const [first, second] = [
      await asOperator('POST', '/api/admin/products', teapot, headers),
      await asOperator('POST', '/api/admin/products', teapot, headers),
    ];
    expect(second.body).toEqual(first.body);
  });

  test('creates a product with 200 options, but not with 201 and not with two of one name', async () => {
    const options = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `size ${index}`, stock: index }));
    const { status, body } = await asOperator('POST', '/api/admin/products', { ...teapot, options: options(200) });
    expect([status, body.options.length]).toEqual([201, 200]);
    expect(await asOperator('POST', '/api/admin/products', { ...teapot, options: options(201) })).toMatchObject(wrongField('options'));
    const twins = [...options(2), { name: 'size 0', stock: 1 }];
    expect(await asOperator('POST', '/api/admin/products', { ...teapot, options: twins })).toMatchObject(wrongField('options[2].name'));
  });

  test('changes what they name and nothing else', async () => {
    const { productId } = await createTeapot();
    const { status, body } = await asOperator('PATCH', `/api/admin/products/${productId}`, { price: 2_500, onSale: false });
    expect(status).toBe(200);
    expect(body).toMatchObject({ productId, name: 'Teapot', description: teapot.description, price: 2_500, onSale: false });
  });

  test('receives stock, once per idempotency key', async () => {
    const { blue } = await createTeapot();
    const receive = () =>
      asOperator(
        'POST',
        `/api/admin/options/${blue}/receipts`,
        { quantity: 10, note: 'delivery 7' },
        { 'idempotency-key': `delivery of ${blue}` },
      );
    expect(await receive()).toMatchObject({ status: 201, body: { stock: 15, available: 15 } });
    expect(await receive()).toMatchObject({ status: 201, body: { stock: 15, available: 15 } });
    expect(await asOperator('POST', `/api/admin/options/${blue}/receipts`, { quantity: 1 })).toMatchObject({ body: { stock: 16 } });
  });

  test.each([
    ['PATCH', '/api/admin/products/999999999', { price: 1 }, 'PRODUCT_NOT_FOUND'],
    ['POST', '/api/admin/options/999999999/receipts', { quantity: 1 }, 'PRODUCT_OPTION_NOT_FOUND'],
  ])('is told when there is no such thing: %s %s', async (method, path, body, code) => {
    expect(await asOperator(method, path, body)).toMatchObject({ status: 404, body: { code } });
  });

  test.each([
    ['no name', { name: undefined }, 'name'],
    ['a blank name', { name: '  ' }, 'name'],
    ['a price of nothing', { price: 0 }, 'price'],
    ['a negative price', { price: -1 }, 'price'],
    ['half a won', { price: 0.5 }, 'price'],
    ['a price beyond 2^53', { price: 2 ** 60 }, 'price'],
    ['a price as text', { price: '100' }, 'price'],
    ['no options', { options: [] }, 'options'],
    ['negative stock', { options: [{ name: 'blue', stock: -1 }] }, 'options[0].stock'],
    ['huge stock', { options: [{ name: 'blue', stock: 2 ** 53 }] }, 'options[0].stock'],
  ])('cannot create a product with %s', async (_, wrong, path) => {
    expect(await asOperator('POST', '/api/admin/products', { ...teapot, ...wrong })).toMatchObject(wrongField(path));
  });

  test.each([{}, { quantity: 0 }, { quantity: -5 }, { quantity: 1.5 }, { quantity: 1e15 }, { quantity: '5' }])(
    'cannot receive %j',
    async (body) => {
      const { blue } = await createTeapot();
      expect(await asOperator('POST', `/api/admin/options/${blue}/receipts`, body)).toMatchObject(wrongField('quantity'));
    },
  );

  test('cannot change nothing', async () => {
    const { productId } = await createTeapot();
    expect(await asOperator('PATCH', `/api/admin/products/${productId}`, {})).toMatchObject(wrongField('body'));
  });
});

test.each([
  ['POST', '/api/admin/products', teapot],
  ['PATCH', '/api/admin/products/1', { price: 1 }],
  ['POST', '/api/admin/options/1/receipts', { quantity: 1 }],
])('%s %s is for operators only', async (method, path, body) => {
  expect(await shop.api(method, path, { body })).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
  expect(await shop.api(method, path, { body, token: customer })).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
});

describe('everybody', () => {
  test('sees live stock: an order leaves the stock and takes what is available', async () => {
    const { productId, blue } = await createTeapot();
    await shop.api('POST', '/api/orders', { token: customer, body: { items: [{ productOptionId: blue, quantity: 2 }] } });
    expect((await shop.api('GET', `/api/products/${productId}`)).body.options[0]).toMatchObject({ stock: 5, available: 3 });
  });

  test.each(['latest', 'price_asc', 'price_desc', 'popular'])('pages through a category sorted by %s', async (sort) => {
    const category = `paged by ${sort}`;
    const made = new Set<number>();
    // One by one: the order of creation is part of the sort.
    for (const price of [300, 100, 200, 100, 300]) made.add((await createTeapot({ category, price })).productId);

    const found: { productId: number; price: number }[] = [];
    let next: string | null = '';
    while (next !== null) {
      const cursor: string = next === '' ? '' : `&cursor=${next}`;
      const { status, body }: Answer = await shop.api(
        'GET',
        `/api/products?category=${encodeURIComponent(category)}&sort=${sort}&limit=2${cursor}`,
      );
      expect(status).toBe(200);
      found.push(...body.items);
      next = body.nextCursor;
    }
    expect(found[0]).toEqual({
      productId: expect.any(Number),
      name: 'Teapot',
      price: expect.any(Number),
      currency: 'KRW',
      category,
      onSale: true,
    });
    const ids = [...made];
    const latest = ids.toReversed();
    const expected = {
      latest,
      popular: latest,
      price_asc: [ids[1], ids[3], ids[2], ids[0], ids[4]],
      price_desc: [ids[4], ids[0], ids[2], ids[3], ids[1]],
    }[sort];
    expect(found.map(({ productId }) => productId)).toEqual(expected);
  });

  test('sees what sells most', async () => {
    const { productId, blue } = await createTeapot({ price: 100 });
    const buyer = await shop.customer(1_000);
    const { body: order } = await shop.api('POST', '/api/orders', {
      token: buyer.token,
      body: { items: [{ productOptionId: blue, quantity: 3 }] },
    });
    await shop.api('POST', `/api/orders/${order.orderId}/payment`, { token: buyer.token, body: {} });
    await shop.settle();
    const { status, body } = await shop.api('GET', '/api/products/top?days=1&limit=3');
    expect(status).toBe(200);
    expect(body).toEqual({
      items: [{ rank: 1, productId, name: 'Teapot', price: 100, currency: 'KRW', salesCount: 3, lastSoldAt: expect.any(String) }],
      since: expect.stringMatching(/T00:00:00\.000Z$/),
    });
  });

  test('is told when there is no such product', async () => {
    expect(await shop.api('GET', '/api/products/999999999')).toMatchObject({ status: 404, body: { code: 'PRODUCT_NOT_FOUND' } });
  });

  test.each([
    ['?sort=cheapest', 'sort'],
    ['?limit=0', 'limit'],
    ['?limit=101', 'limit'],
    ['?cursor=nonsense', 'cursor'],
    [`?sort=latest&cursor=${Buffer.from('{"sort":"price_asc","rank":1,"productId":1}').toString('base64url')}`, 'cursor'],
    ['?category=', 'category'],
    ['/top?days=0', 'days'],
    ['/top?limit=1e3', 'limit'],
    ['/9007199254740993', 'id'],
    ['/abc', 'id'],
  ])('is told which field of /api/products%s is wrong', async (path, field) => {
    expect(await shop.api('GET', `/api/products${path}`)).toMatchObject(wrongField(field));
  });
});

const wrongField = (path: string) => ({ status: 400, body: { code: 'VALIDATION_FAILED', errors: [{ path }] } });
