import { expect, test } from 'vitest';
import { serverSettings } from './server-settings.js';

const GB = 2 ** 30;

test.each([
  [0.25 * GB, '128MB'],
  [1 * GB, '128MB'],
  [4 * GB, '512MB'],
  [8 * GB, '1024MB'],
  [64 * GB, '1024MB'],
])('of %d bytes of memory an eighth holds pages, within bounds', (memoryBytes, buffers) => {
  expect(serverSettings(memoryBytes)['shared_buffers']).toBe(buffers);
});

test('this machine has memory', () => {
  expect(serverSettings()['shared_buffers']).toMatch(/^\d{3,4}MB$/);
});
