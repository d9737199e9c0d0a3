import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { generatedSecret } from '../../src/config/secrets.js';
import { temporaryFolder } from '../support/embedded.js';

const CONTENDERS = 8;

let folder: ReturnType<typeof temporaryFolder>;

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(() => folder.remove());

test('a secret is long, stays the same, and only its owner can read it', () => {
  const secret = generatedSecret(folder.path, 'jwt');
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect(generatedSecret(folder.path, 'jwt')).toBe(secret);
  expect(generatedSecret(folder.path, 'other')).not.toBe(secret);
  expect(statSync(join(folder.path, 'secrets', 'jwt')).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder.path, 'secrets')).mode & 0o777).toBe(0o700);
});

test('all who ask at the same moment get the same one, and no draft is left', async () => {
  const hooks = new URL('../support/typescript-imports.mjs', import.meta.url).href;
  const program = `
    const { workerData, parentPort } = require('node:worker_threads');
    import(workerData.module).then(({ generatedSecret }) => {
      Atomics.add(workerData.gate, 0, 1);
      while (Atomics.load(workerData.gate, 0) < workerData.contenders);
      parentPort.postMessage(generatedSecret(workerData.folder, 'jwt'));
    });`;
  const workerData = {
    module: new URL('../../src/config/secrets.ts', import.meta.url).href,
    gate: new Int32Array(new SharedArrayBuffer(4)),
    contenders: CONTENDERS,
    folder: folder.path,
  };
  const secrets = await Promise.all(
    Array.from(
      { length: CONTENDERS },
      () =>
        new Promise((resolve, reject) =>
          new Worker(program, { eval: true, workerData, execArgv: ['--import', hooks] }).once('message', resolve).once('error', reject),
        ),
    ),
  );
  expect(new Set(secrets).size).toBe(1);
  expect(readdirSync(join(folder.path, 'secrets'))).toEqual(['jwt']);
});

test('an emptied secret is an error, not a weak key', () => {
  generatedSecret(folder.path, 'jwt');
  truncateSync(join(folder.path, 'secrets', 'jwt'));
  expect(() => generatedSecret(folder.path, 'jwt')).toThrow(/too short for a secret\. Restore it, or delete it/);
});
