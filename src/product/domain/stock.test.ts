import { expect, test } from 'vitest';
import { lineName } from './stock.js';

test('an ordered line is called after its product and its option', () => {
  expect(lineName('Linen shirt', 'blue, M')).toBe('Linen shirt (blue, M)');
});

test.each(['Default', 'standard', 'Teapot'])('an option called %s adds nothing to the name of the product Teapot', (optionName) => {
  expect(lineName('Teapot', optionName)).toBe('Teapot');
});
