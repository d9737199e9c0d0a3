import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generatedSecret } from '../../config/secrets.js';
import { parseOptions } from './options.js';

let dataDir: string;
beforeAll(() => (dataDir = mkdtempSync(join(tmpdir(), 'ordersaga-options-'))));
afterAll(() => rmSync(dataDir, { recursive: true }));

const ADMIN = { ADMIN_EMAIL: 'ada@example.com', ADMIN_PASSWORD: 'a long password' };
const operator = { email: 'ada@example.com', password: 'a long password' };

test('a file is enough', () => {
  expect(parseOptions(['sales.csv'], ADMIN)).toEqual({
    file: 'sales.csv',
    ordersPerSecondMax: null,
    clients: 32,
    url: 'http://127.0.0.1:3000',
    operator,
    audit: null,
    json: null,
  });
});

test('everything can be set', () => {
  const args = ['--rate', '2.5', '--clients', '4', '--url', 'https://shop.example/', '--no-audit', '--json', 'r.json', 'sales.csv'];
  const own = ['--operator-email', 'bob@example.com', '--operator-password', 'secret'];
  expect(parseOptions([...args, ...own], { ...ADMIN, PORT: '8080' })).toEqual({
    file: 'sales.csv',
    ordersPerSecondMax: 2.5,
    clients: 4,
    url: 'https://shop.example',
    operator: { email: 'bob@example.com', password: 'secret' },
    audit: false,
    json: 'r.json',
  });
});

test('the shop is looked for on the port of the environment, whatever its other settings', () => {
  expect(parseOptions(['sales.csv'], { ...ADMIN, PORT: '8080', DATABASE_URL: 'nonsense', CURRENCY: 'nonsense' })).toMatchObject({
    url: 'http://127.0.0.1:8080',
  });
});

test('the demo operator is that of the data folder, and a folder without one stays as it is', () => {
  expect(() => parseOptions(['sales.csv'], { DATA_DIR: dataDir })).toThrow(/^Who is the operator\?/);
  expect(readdirSync(dataDir)).toEqual([]);
  const secret = generatedSecret(dataDir, 'demo-operator-password');
  expect(parseOptions(['sales.csv'], { DATA_DIR: dataDir })).toMatchObject({
    operator: { email: 'operator@ordersaga.example', password: secret.slice(0, 16) },
  });
});

test('help needs no file', () => {
  expect(parseOptions(['--help'], {})).toBe('help');
});

test.each([
  [[], /^Which file\?/],
  [['a.csv', 'b.csv'], /^One file at a time/],
  [['a.csv', '--rate', 'fast'], /^--rate must be a number from 0\.01 to 100000, not "fast"\.$/],
  [['a.csv', '--rate', '0'], /^--rate must be/],
  [['a.csv', '--clients', '1.5'], /^--clients must be a whole number/],
  [['a.csv', '--clients', '513'], /^--clients must be/],
  [['a.csv', '--url', 'localhost:3000'], /^--url must be an address/],
  [['a.csv', '--speed', '3'], /^Unknown option '--speed'.*See --help\.$/],
  [['a.csv', '--operator-email', 'bob@example.com'], /belong together/],
])('%j is refused in one line', (args, message) => {
  expect(() => parseOptions(args, ADMIN)).toThrow(message);
});
