import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inPounds, readPounds } from './pounds.js';

test.each([
  ['2.55', 255n],
  ['2.5', 250n],
  ['2', 200n],
  ['0.03', 3n],
  ['0.00', 0n],
  ['-11062.06', -1_106_206n],
  ['1.100', 110n],
  ['19.99', 1_999n],
])('%s pounds are %s pence', (text, pence) => {
  expect(readPounds(text)).toEqual({ kind: 'pence', pence });
});

test.each(['0.001', '2.555', '0.0000001'])('%s pounds are no whole number of pence', (text) => {
  expect(readPounds(text)).toEqual({ kind: 'fraction' });
});

test.each(['', ' ', '1.', '.5', '1,50', '1e3', '0x10', '£2', '2.5.5', '+1', '--1', 'NaN', '9'.repeat(13)])(
  '%j is no amount in pounds',
  (text) => {
    expect(readPounds(text)).toEqual({ kind: 'not-a-number' });
  },
);

test('every amount is read back as it is written', () => {
  const anyAmount = fc.integer({ min: -1_000_000_000_000, max: 1_000_000_000_000 });
  fc.assert(
    fc.property(anyAmount, (pence) => {
      const text = inPounds(pence).replaceAll(/[£,]/g, '');
      expect(readPounds(text)).toEqual({ kind: 'pence', pence: BigInt(pence) });
    }),
  );
});

test('large amounts are written with separators', () => {
  expect([0, 5, 123_456_789, -250].map(inPounds)).toEqual(['£0.00', '£0.05', '£1,234,567.89', '-£2.50']);
});
