import { type Queryable, sql } from './database.js';

// The update changes nothing; it makes the row that is there come back.
const FIX_SETTING = sql(
  'database.fix-setting',
  `INSERT INTO shop_database.setting AS s (name, value) VALUES ($1, $2)
   ON CONFLICT (name) DO UPDATE SET value = s.value
   RETURNING value`,
);

/** Writes a decision that lasts for the life of the database. @returns what stands there: an earlier decision stays. */
export async function lastingSetting(database: Queryable, name: string, value: string): Promise<string> {
  const [setting] = await database.query<{ value: string }>(FIX_SETTING, [name, value]);
  return setting?.value ?? value;
}
