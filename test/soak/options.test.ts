import { expect, test } from 'vitest';
import { parseSoakOptions } from './options.js';

test('without options it soaks for an hour and kills every 5 seconds', () => {
  expect(parseSoakOptions([])).toEqual({ minutes: 60, killEverySeconds: 5, clients: 8 });
});

test('every option can be set', () => {
  expect(parseSoakOptions(['--minutes', '3', '--kill-every-seconds', '7', '--clients', '2'])).toEqual({
    minutes: 3,
    killEverySeconds: 7,
    clients: 2,
  });
});

test.for([
  ['--minutes', '0'],
  ['--minutes', 'long'],
  ['--kill-every-seconds', '3601'],
  ['--clients', '1.5'],
  ['--gently', '1'],
])('%s %s is refused, by its name', ([name, value]) => {
  expect(() => parseSoakOptions([name as string, value as string])).toThrow(name);
});

test('help is no run', () => {
  expect(parseSoakOptions(['--help'])).toBeNull();
});
