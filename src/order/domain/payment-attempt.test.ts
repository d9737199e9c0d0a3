import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { OrderId, PaymentId } from '../../kernel/ids.js';
import { type Rollback, compensated, failed } from './payment-attempt.js';

const running: Rollback = { paymentId: 1 as PaymentId, orderId: 1 as OrderId, state: 'RUNNING', refusal: null, awaited: [], reported: [] };
const refusal = { code: 'INSUFFICIENT_BALANCE', message: 'not enough' };
const awaited = ['fail.done:product', 'fail.done:coupon', 'fail.done:user'];

test('a refused payment is over exactly when every awaited compensation has reported, in whatever order and however often', () => {
  const reports = fc.shuffledSubarray([...awaited, ...awaited], { minLength: 0 });
  fc.assert(
    fc.property(reports, fc.nat(), (arriving, at) => {
      const failsAt = at % (arriving.length + 1);
      let rollback = running;
      arriving.forEach((report, index) => {
        if (index === failsAt) rollback = failed(rollback, refusal, awaited);
        rollback = compensated(rollback, report);
      });
      if (failsAt === arriving.length) rollback = failed(rollback, refusal, awaited);
      expect(rollback.state).toBe(new Set(arriving).size === awaited.length ? 'REFUSED' : 'ROLLING_BACK');
    }),
  );
});

test('the first refusal is the one the client is told', () => {
  const second = { code: 'EXPIRED_COUPON', message: 'too late' };
  expect(failed(failed(running, refusal, awaited), second, awaited).refusal).toBe(refusal);
});

test('compensations that report before the refusal is known do not end the payment', () => {
  expect(awaited.reduce(compensated, running).state).toBe('RUNNING');
});

test('a second fail event of another kind is awaited too', () => {
  const once = failed(running, refusal, ['a:product']);
  const twice = failed(once, refusal, ['b:user']);
  expect(compensated(twice, 'a:product').state).toBe('ROLLING_BACK');
  expect(compensated(compensated(twice, 'a:product'), 'b:user').state).toBe('REFUSED');
});

test('a paid order cannot fail: that is a fault, not a state', () => {
  expect(() => failed({ ...running, state: 'PAID' }, refusal, awaited)).toThrow('is paid');
});
