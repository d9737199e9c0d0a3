import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DurableEvent, RequestEvent } from './event.js';

const OrderShipped = new DurableEvent({
  type: 'order.shipped',
  version: 3,
  data: z.object({ orderId: z.int(), parcels: z.int().positive() }),
  id: ({ orderId, parcels }) => `${orderId}:${parcels}`,
  subject: ({ orderId }) => orderId,
});
const NOON = new Date('2026-11-22T12:00:00.000Z');

describe('a sealed event', () => {
  test('is a CloudEvent around its data', () => {
    expect(OrderShipped.seal({ orderId: 7, parcels: 2 }, 'order', NOON)).toEqual({
      id: 'order.shipped:7:2',
      type: 'order.shipped',
      source: 'order',
      subject: '7',
      time: '2026-11-22T12:00:00.000Z',
      dataschema: 'order.shipped/v3',
      data: { orderId: 7, parcels: 2 },
    });
  });

  test('has the id of its data, wherever and whenever it is made; other data have another', () => {
    const shipped = fc.record({ orderId: fc.maxSafeNat(), parcels: fc.integer({ min: 1 }) });
    fc.assert(
      fc.property(shipped, shipped, fc.date({ noInvalidDate: true }), (one, other, when) => {
        expect(OrderShipped.seal(one, 'order', when).id).toBe(OrderShipped.seal({ ...one }, 'elsewhere', NOON).id);
        const same = one.orderId === other.orderId && one.parcels === other.parcels;
        expect(OrderShipped.seal(one, 'order', NOON).id === OrderShipped.seal(other, 'order', NOON).id).toBe(same);
      }),
    );
  });

  test('survives the way through JSON unchanged', () => {
    const sealed = OrderShipped.seal({ orderId: Number.MAX_SAFE_INTEGER, parcels: 1 }, 'order', NOON);
    expect(JSON.parse(JSON.stringify(sealed))).toEqual(sealed);
  });

  test('carries nothing that its definition does not name', () => {
    const data = { orderId: 7, parcels: 2, password: 'secret' };
    expect(OrderShipped.seal(data, 'order', NOON).data).toEqual({ orderId: 7, parcels: 2 });
  });
});

test('data that are not what the definition says are a fault', () => {
  expect(() => OrderShipped.seal({ orderId: 7, parcels: 0 }, 'order', NOON)).toThrow('parcels');
  expect(() => OrderShipped.seal({ orderId: 2 ** 53, parcels: 1 }, 'order', NOON)).toThrow('orderId');
});

test('a definition makes events that know it, durable or asking for an answer', () => {
  const PriceAsked = new RequestEvent({
    type: 'price.asked',
    version: 1,
    data: z.object({ optionId: z.int() }),
    answer: z.object({ price: z.int() }),
    id: ({ optionId }) => optionId,
    subject: ({ optionId }) => optionId,
  });
  expect(OrderShipped.of({ orderId: 1, parcels: 1 })).toEqual({ definition: OrderShipped, data: { orderId: 1, parcels: 1 } });
  expect(PriceAsked.of({ optionId: 1 }).definition.answer.parse({ price: 5 })).toEqual({ price: 5 });
  expect([OrderShipped.kind, PriceAsked.kind]).toEqual(['durable', 'request']);
});
