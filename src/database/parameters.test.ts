import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase } from '../../test/support/database.js';
import { parameterOf } from './parameters.js';

let database: Awaited<ReturnType<typeof freshDatabase>>;
let client: pg.Client;
beforeAll(async () => {
  database = await freshDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

async function readBack(type: string, value: unknown): Promise<unknown> {
  const { rows } = await client.query<{ value: unknown }>(`SELECT $1::${type} AS value`, [parameterOf(value)]);
  return rows[0]?.value;
}

test.each([
  ['text[]', []],
  ['text[]', ['a', '', ' ', 'NULL', 'null', null, '{}', ',', '"', '\\', '\\"', "'", 'a\nb\t', '한국어 🛒', '$&']],
  ['int[]', [1, -2, 0, null]],
  ['float8[]', [0.1, -1e-300, 1e21]],
])('%s arrives as it was sent: %j', async (type, value) => {
  expect(await readBack(type, value)).toEqual(value);
});

test('JSON arrives in its array as it was sent', async () => {
  const documents = [{ name: 'a "quoted" \\ name', lines: [{ price: 1.5 }, null] }, [], 'text'];
  expect(
    await readBack(
      'jsonb[]',
      documents.map((each) => JSON.stringify(each)),
    ),
  ).toEqual(documents);
});

test('large numbers keep all their digits, and undefined is NULL', async () => {
  expect(parameterOf([Number.MAX_SAFE_INTEGER, 2n ** 63n - 1n, undefined])).toBe('{9007199254740991,9223372036854775807,NULL}');
  expect(await readBack('bigint[]', [2n ** 63n - 1n])).toEqual(['9223372036854775807']);
});

test('what is no array of numbers and strings is left to pg', async () => {
  const dates = [new Date('2026-12-01T00:00:00.000Z')];
  expect(parameterOf(dates)).toBe(dates);
  expect(await readBack('timestamptz[]', dates)).toEqual(dates);
  expect(await readBack('bool[]', [true, false, null])).toEqual([true, false, null]);
  expect(await readBack('bytea[]', [Buffer.from([0, 255])])).toEqual([Buffer.from([0, 255])]);
  expect(await readBack('int[]', [[1], [2]])).toEqual([[1], [2]]);
  for (const value of ['{1}', 5, null, { a: 1 }]) expect(parameterOf(value)).toBe(value);
});
