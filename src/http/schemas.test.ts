import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emailField, idField, idParam, instantField, intParam, priceField, quantityField, textField } from './schemas.js';

describe('numbers', () => {
  test('every id from 1 to 2^53 - 1 passes, as text and as number', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (id) => {
        expect(idParam().safeParse(String(id)).success).toBe(id > 0);
        expect(idField().safeParse(id).success).toBe(id > 0);
      }),
    );
  });

  test('no text but digits is a number', () => {
    fc.assert(
      fc.property(
        fc.string(),
        (text) => intParam(0).safeParse(text).success === (/^\d{1,20}$/.test(text) && Number.isSafeInteger(Number(text))),
      ),
    );
  });

  test.each([0, -1, 1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, '1', null, true, 1n])(
    '%s is neither id, quantity nor price',
    (value) => {
      for (const field of [idField(), quantityField, priceField]) expect(field.safeParse(value).success).toBe(false);
    },
  );

  test('the largest price times the largest quantity is a safe integer', () => {
    expect(Number.isSafeInteger(Number(quantityField.maxValue) * Number(priceField.maxValue))).toBe(true);
  });
});

describe('texts', () => {
  test('are trimmed before they are measured', () => {
    expect(textField({ max: 3 }).parse('  abc  ')).toBe('abc');
    expect(textField({ max: 3 }).safeParse('   ').success).toBe(false);
    expect(textField({ max: 3 }).safeParse('abcd').success).toBe(false);
    expect(textField({ max: 3, min: 0 }).parse(' ')).toBe('');
  });

  test('hold no control characters, but several lines where that is wanted', () => {
    for (const text of ['a\0b', 'a\u001bb', 'a\u007fb', 'a\u0085b']) {
      expect(textField({ max: 9 }).safeParse(text).success).toBe(false);
      expect(textField({ max: 9, multiline: true }).safeParse(text).success).toBe(false);
    }
    expect(textField({ max: 9 }).safeParse('a\nb').success).toBe(false);
    expect(textField({ max: 9, multiline: true }).safeParse('a\r\n\tb').success).toBe(true);
    expect(textField({ max: 9 }).safeParse('주문 ☃ 😀').success).toBe(true);
  });

  test('e-mail addresses are compared without case', () => {
    expect(emailField.parse(' Ada@Example.COM ')).toBe('ada@example.com');
    for (const text of ['ada', 'ada@', '@example.com', 'a b@example.com', `${'a'.repeat(250)}@example.com`]) {
      expect(emailField.safeParse(text).success).toBe(false);
    }
  });
});

test('a time may be a moment with its zone or a day', () => {
  expect(instantField.parse('2026-11-22T18:00:00+09:00').toISOString()).toBe('2026-11-22T09:00:00.000Z');
  expect(instantField.parse('2026-11-22').toISOString()).toBe('2026-11-22T00:00:00.000Z');
  for (const text of ['2026-02-30', '2026-11-22T18:00:00', '1', '', '0000-01-01', '1969-12-31']) {
    expect(instantField.safeParse(text).success).toBe(false);
  }
});
