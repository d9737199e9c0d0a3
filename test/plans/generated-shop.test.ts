import { expect, test } from 'vitest';
import { generateShop } from '../../bench/growth/generate-shop.js';
import { auditAtRest } from '../support/books.js';
import { freshDatabase } from '../support/database.js';

test('the books of a generated shop are clean, and it has what was asked for', async () => {
  const database = await freshDatabase();
  try {
    await generateShop(database.url, { orders: 2_000, users: 300, options: 60 });
    const report = await auditAtRest({ databaseUrl: database.url, settle: () => Promise.resolve() });
    expect(report).toMatchObject({ clean: true, violations: 0, pending: 0, census: { orders: 2_000, accounts: 301, options: 60 } });
  } finally {
    await database.drop();
  }
});
