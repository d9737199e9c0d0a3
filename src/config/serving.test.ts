import { expect, test } from 'vitest';
import { Serving } from './serving.js';

const of = (text?: string): Serving => {
  const serving = Serving.parse(text);
  if (!serving) throw new Error(`${text} is malformed`);
  return serving;
};

test('nothing named is everything', () => {
  const all = of();
  expect([all.isWhole('order'), all.hasPartOf('cart'), all.listens('order.data-platform')]).toEqual([true, true, true]);
});

test('a named domain is here whole, the others are not', () => {
  const order = of(' order , product ');
  expect(order.names).toEqual(['order', 'product']);
  expect([order.isWhole('order'), order.listens('order.data-platform'), order.listens('product.rank-sales')]).toEqual([true, true, true]);
  expect([order.isWhole('user'), order.hasPartOf('user'), order.listens('user.deduct-balance')]).toEqual([false, false, false]);
});

test('a named listener is here alone: neither its domain nor its neighbours', () => {
  const worker = of('order.data-platform');
  expect([worker.hasPartOf('order'), worker.isWhole('order')]).toEqual([true, false]);
  expect([worker.listens('order.data-platform'), worker.listens('order.back-to-pending')]).toEqual([true, false]);
  expect(worker.hasPartOf('product')).toBe(false);
});

test('a listener is left to others, of one domain or of the whole shop', () => {
  for (const api of [of('order,-order.data-platform'), of('-order.data-platform')]) {
    expect(api.names).toContain('order.data-platform');
    expect([api.isWhole('order'), api.listens('order.data-platform'), api.listens('order.back-to-pending')]).toEqual([true, false, true]);
  }
  expect(of('-order.data-platform').isWhole('user')).toBe(true);
});

test.each(['Order', 'order.', '-order', 'order product', 'order.data platform', '--order.data-platform'])('%j is malformed', (text) => {
  expect(Serving.parse(text)).toBeNull();
});
