import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProductOptionId } from '../../src/kernel/ids.js';
import type { Transaction } from '../../src/kernel/transaction.js';
import type { Received } from '../../src/messaging/event.js';
import { OrderCancelled } from '../../src/order/application/events/order-cancelled.event.js';
import { OrderExpired } from '../../src/order/application/events/order-expired.event.js';
import { OrderPaymentFail } from '../../src/order/application/events/order-payment-fail.event.js';
import { OrderPlacing } from '../../src/order/application/events/order-placing.event.js';
import { OrderProcessing } from '../../src/order/application/events/order-processing.event.js';
import { type ProductDomain, openProductDomain } from './product-domain.js';

type Line = readonly [option: ProductOptionId, quantity: number];

let shop: ProductDomain;

beforeEach(async () => void (shop = await openProductDomain()));
afterEach(() => shop.close());

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Not random: the same on every run. */
const shuffled = <Item>(items: readonly Item[], seed: number): Item[] =>
  items
    .map((item, index) => ({ item, key: ((index + 1) * 7_919 * (seed + 13)) % 1_009 }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);

const sentAt = new Date(0);
const placing = (orderId: number, lines: readonly Line[]) =>
  OrderPlacing.seal(
    { orderId, userId: 2, items: lines.map(([productOptionId, quantity]) => ({ productOptionId, quantity })) },
    'order',
    sentAt,
  );
/** The payment of an order has the order's number here. */
const payment = (id: number) => ({ paymentId: id, orderId: id, userId: 2 });
const refusal = { refusedBy: 'user.deduct-balance', code: 'INSUFFICIENT_BALANCE', message: 'not enough' };
const ending = (orderId: number) => ({ orderId, userId: 2, at: sentAt.toISOString() });
const processing = (id: number) => OrderProcessing.seal({ ...payment(id), couponId: null, totalAmount: 1 }, 'order', sentAt);
const failed = (id: number) => OrderPaymentFail.seal({ ...payment(id), ...refusal }, 'user', sentAt);
const cancelled = (id: number) => OrderCancelled.seal(ending(id), 'order', sentAt);
const expired = (id: number) => OrderExpired.seal(ending(id), 'order', sentAt);

/** The listeners called directly, each batch in a transaction of its own: the bus runs one batch per listener at a time. */
const run = <Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> => shop.unitOfWork.run(work);
const reserve = (events: Received<typeof OrderPlacing>[]) => run((tx) => shop.listeners.placing.reserveStock(tx, events));
const confirm = (ids: number[]) => run((tx) => shop.listeners.processing.confirmStock(tx, ids.map(processing)));
const rollBack = (ids: number[]) => run((tx) => shop.listeners.fail.afterPaymentFail(tx, ids.map(failed)));
const cancel = (ids: number[]) => run((tx) => shop.listeners.cancelled.releaseStock(tx, ids.map(cancelled)));
const expire = (ids: number[]) => run((tx) => shop.listeners.expired.releaseStock(tx, ids.map(expired)));

test('200 customers who want one option at once get exactly what there is', async () => {
  const [option] = (await shop.product([137])).options as [ProductOptionId];
  const replies = await Promise.all(numbers(200).map((order) => shop.place(order, [option, 1])));
  expect(replies.filter(({ ok }) => ok)).toHaveLength(137);
  expect(await shop.option(option)).toEqual({ stock: 137, reserved: 137 });

  const payments = await Promise.all(numbers(200).map((order) => shop.pay(order, order)));
  expect(payments.filter(({ ok }) => ok)).toHaveLength(137);
  expect(await shop.option(option)).toEqual({ stock: 0, reserved: 0 });
});

describe('batches that meet in the database', () => {
  test('never wait for each other in a circle, whatever order the lines of their orders have', async () => {
    const { options } = await shop.product(numbers(8).map(() => 10_000));
    const linesOf = (id: number): Line[] =>
      shuffled(options, id)
        .slice(0, 2 + (id % 6))
        .map((option) => [option, 1 + (id % 3)]);
    const batches = [...Map.groupBy(numbers(240), (id) => id % 24).values()];

    await Promise.all(batches.map((ids) => reserve(ids.map((id) => placing(id, linesOf(id))))));
    await shop.expire(numbers(80), 60);
    await Promise.all(
      batches.flatMap((ids) => [confirm(ids), cancel(ids.slice(0, 5)), rollBack(ids.slice(3, 8)), shop.releaseExpiredHolds.execute()]),
    );

    expect(shop.unitOfWork.retries).toBe(0);
    expect(await ordersInPart()).toEqual([]);
  });

  test('do a thing once when every event comes three times at once', async () => {
    const [red, blue] = (await shop.product([60, 60])).options as [ProductOptionId, ProductOptionId];
    const ids = numbers(20);
    const orders = ids.map((id) =>
      placing(id, [
        [blue, 1],
        [red, 2],
      ]),
    );
    const answers = await thrice(() => reserve(orders));
    expect(answers).toEqual([answers[0], answers[0], answers[0]]);
    expect(await shop.option(red)).toEqual({ stock: 60, reserved: 40 });

    await thrice(() => confirm(ids));
    expect(await shop.option(red)).toEqual({ stock: 20, reserved: 0 });
    await thrice(() => rollBack(ids.slice(0, 5)));
    expect(await shop.option(red)).toEqual({ stock: 30, reserved: 10 });
    await thrice(() => expire(ids));
    expect(await shop.option(red)).toEqual({ stock: 30, reserved: 0 });
  });

  test('let an order be paid or swept, never both and never in part', async () => {
    const { options } = await shop.product(numbers(4).map(() => 1_000));
    const ids = numbers(40);
    await reserve(
      ids.map((id) =>
        placing(
          id,
          shuffled(options, id).map((option) => [option, 1]),
        ),
      ),
    );
    const [late, timely] = [ids.filter((id) => id % 2 === 0), ids.filter((id) => id % 2 === 1)];
    await shop.expire(late, 60);
    await Promise.all([...ids.map((id) => confirm([id])), shop.releaseExpiredHolds.execute(), shop.releaseExpiredHolds.execute()]);

    expect(await ordersWhollyIn('CONFIRMED')).toEqual(timely);
    expect(await ordersWhollyIn('RELEASED')).toEqual(late);
  });

  const thrice = <Result>(work: () => Promise<Result>): Promise<Result[]> => Promise.all([work(), work(), work()]);

  async function ordersWhollyIn(state: string): Promise<number[]> {
    const text = 'SELECT order_id FROM shop_product.stock_hold GROUP BY order_id HAVING bool_and(state = $1) ORDER BY order_id';
    return (await shop.rows<{ order_id: number }>(text, [state])).map(({ order_id }) => order_id);
  }

  const ordersInPart = () => shop.rows('SELECT order_id FROM shop_product.stock_hold GROUP BY order_id HAVING count(DISTINCT state) > 1');
});

test('rolling payments back leaves holds and stock as if nobody had paid, whatever was ordered', async () => {
  const { options } = await shop.product([40, 30, 20]);
  const lines = fc.uniqueArray(fc.record({ option: fc.nat({ max: 2 }), quantity: fc.integer({ min: 1, max: 9 }) }), {
    minLength: 1,
    selector: ({ option }) => option,
  });
  const orders = fc.array(fc.record({ lines, isPaid: fc.boolean() }), { minLength: 1, maxLength: 8 });
  let nextId = 1;
  const stockAndHolds = () =>
    Promise.all([
      shop.rows('SELECT product_option_id, stock, reserved FROM shop_product.product_option ORDER BY 1'),
      shop.rows('SELECT order_id, product_option_id, quantity, state, payment_id, expires_at FROM shop_product.stock_hold ORDER BY 1, 2'),
    ]);

  await fc.assert(
    fc.asyncProperty(orders, async (wanted) => {
      const numbered = wanted.map((each) => ({ ...each, id: nextId++ }));
      const ids = numbered.map(({ id }) => id);
      const linesOf = (each: (typeof numbered)[number]): Line[] =>
        each.lines.map(({ option, quantity }) => [options[option] as ProductOptionId, quantity]);
      await reserve(numbered.map((each) => placing(each.id, linesOf(each))));

      const before = await stockAndHolds();
      await confirm(numbered.filter(({ isPaid }) => isPaid).map(({ id }) => id));
      await rollBack(ids);
      expect(await stockAndHolds()).toEqual(before);
      await cancel(ids);
    }),
    { numRuns: 25 },
  );
});

test('a payment that waits for a release sees what was released', async () => {
  const [option] = (await shop.product([5])).options as [ProductOptionId];
  await shop.place(1, [option, 2]);
  const [released, committing] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const releasing = run(async (tx) => {
    await shop.listeners.cancelled.releaseStock(tx, [cancelled(1)]);
    released.resolve();
    await committing.promise;
  });
  await released.promise;
  const paying = shop.pay(1, 1);
  while ((await waiting()) === 0) await sleep(5);
  committing.resolve();
  await releasing;

  expect(await paying).toMatchObject({ refusals: [{ code: 'HOLD_EXPIRED' }] });
  expect(await shop.option(option)).toEqual({ stock: 5, reserved: 0 });

  async function waiting(): Promise<number> {
    const text = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    return (await shop.rows(text)).length;
  }
});
