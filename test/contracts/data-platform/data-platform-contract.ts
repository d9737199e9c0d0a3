import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DataPlatform } from '../../../src/order/application/data-platform.port.js';
import { idsOf, paidOrder, paidOrders } from './paid-order-events.js';

export interface PlatformUnderTest {
  readonly platform: DataPlatform;
  /** All that has arrived, in order, repeats included. */
  received(): Promise<readonly { readonly id: string }[]>;
  close(): Promise<void>;
}

const NEVER = new AbortController().signal;
const NOVEMBER = { from: new Date('2026-11-01T00:00:00Z'), to: new Date('2026-12-01T00:00:00Z') };

/** What every adapter of the data platform must do. */
export function dataPlatformContract(name: string, open: () => Promise<PlatformUnderTest>): void {
  describe(`the data platform over ${name}`, () => {
    let under: PlatformUnderTest;
    beforeEach(async () => {
      under = await open();
    });
    afterEach(() => under.close());

    test('what it accepts is there, as a CloudEvent and nothing else', async () => {
      const events = paidOrders(3);
      const { accepted } = await under.platform.send(events, NEVER);
      expect([...accepted].toSorted()).toEqual(idsOf(events));
      const received = await under.received();
      expect(received).toHaveLength(3);
      const { id, source, type, subject, time, dataschema, data } = paidOrder(2);
      expect(received[1]).toEqual({ specversion: '1.0', id, source, type, subject, time, dataschema, data });
    });

    test('what is handed over twice carries the same ids, so that the receiver can drop it', async () => {
      const events = paidOrders(5);
      await under.platform.send(events, NEVER);
      expect((await under.platform.send(events.slice(2), NEVER)).accepted.size).toBe(3);
      const received = await under.received();
      expect(received).toHaveLength(8);
      expect([...new Set(idsOf(received))].toSorted()).toEqual(idsOf(events));
    });

    test('orders of several days and a full batch arrive whole', async () => {
      const events = [...paidOrders(99), paidOrder(100, '2026-11-29')];
      expect((await under.platform.send(events, NEVER)).accepted.size).toBe(100);
      expect(new Set(idsOf(await under.received()))).toEqual(new Set(idsOf(events)));
    });

    test('it tells what is there, or that it cannot be looked into', async () => {
      await under.platform.send(paidOrders(2), NEVER);
      const present = await under.platform.present(NOVEMBER);
      expect(present === null || [...present].toSorted()).toEqual(present === null || idsOf(paidOrders(2)));
    });

    test('its name, under which acknowledgements are kept, is one that never changes', () => {
      expect(['file', 'http', 'kafka']).toContain(under.platform.adapter);
    });
  });
}
