import { expect, test } from 'vitest';
import { parseChaosOptions } from './options.js';

test('without options every fault strikes, under six customers', () => {
  expect(parseChaosOptions([])).toEqual({ clients: 6, calmSeconds: 5, only: '' });
});

test('every option can be set', () => {
  expect(parseChaosOptions(['--clients', '2', '--calm-seconds', '9', '--only', 'broker'])).toEqual({
    clients: 2,
    calmSeconds: 9,
    only: 'broker',
  });
});

test.for([
  ['--clients', '0'],
  ['--clients', '65'],
  ['--calm-seconds', 'long'],
  ['--gently', '1'],
])('%s %s is refused, by its name', ([name, value]) => {
  expect(() => parseChaosOptions([name as string, value as string])).toThrow(name);
});

test('help is no run', () => {
  expect(parseChaosOptions(['--help'])).toBeNull();
});
