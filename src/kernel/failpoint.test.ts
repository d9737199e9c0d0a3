import { afterEach, expect, test } from 'vitest';
import { armFailpoints, failpoint } from './failpoint.js';

afterEach(() => armFailpoints(() => {}));

test('a failpoint tells its work and its place to whoever has armed it', () => {
  const reached: string[] = [];
  armFailpoints((name) => reached.push(name));
  failpoint('order.begin-payment', 'before commit');
  expect(reached).toEqual(['order.begin-payment: before commit']);
});

test('what is thrown there is a fault of the work', () => {
  armFailpoints(() => {
    throw new Error('the disk is full');
  });
  expect(() => failpoint('order.begin-payment', 'before commit')).toThrow('the disk is full');
});

test('work without a name has no failpoints', () => {
  armFailpoints((name) => {
    throw new Error(name);
  });
  expect(() => failpoint(undefined, 'before commit')).not.toThrow();
});
