import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Databases } from '../../src/database/databases.js';
import { migrate } from '../../src/database/migrate.js';
import { PgEventLog } from '../../src/messaging/postgres/pg-event-log.js';
import { freshDatabase } from '../support/database.js';
import { query } from '../support/embedded.js';
import { Happened, happened, happeningOf, ORIGIN, times } from './world.js';

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));
const BEFORE_EPOCHS = /\/messaging\/00[12]/;

test('a log from before there were epochs keeps all its events and positions, and goes on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ordersaga-migrations-'));
  const database = await freshDatabase({ domains: [] });
  const databases = new Databases({ url: database.url });
  try {
    await cp(MIGRATIONS, folder, { recursive: true, filter: (path) => !/\/messaging\/\d/.test(path) || BEFORE_EPOCHS.test(path) });
    await migrate({ url: database.url, domains: ['order'], folder });
    await query(
      database.url,
      `INSERT INTO shop_order.event_log_head SELECT '${Happened.type}', shard, CASE shard WHEN 1 THEN 4 ELSE 1 END FROM generate_series(0, 15) AS shard;
       INSERT INTO shop_order.event_log
       SELECT '${Happened.type}', 1, n, n::text, '1', 'test.happened/v1', now(), jsonb_build_object('subject', 1, 'n', n) FROM generate_series(1, 3) AS n`,
    );
    await migrate({ url: database.url, domains: ['order'] });

    const log = new PgEventLog(databases.of('order'));
    await log.open([Happened.type]);
    await databases.of('order').run((tx) => log.append(tx, happened(...times(1, 1, 4), ...times(2, 1))));
    const events = await log.read(Happened.type, ORIGIN, 10);
    expect(events.map((event) => ({ ...happeningOf(event), position: event.position }))).toEqual([
      ...times(1, 4).map(({ subject, n }) => ({ subject, n, position: n })),
      { subject: 2, n: 1, position: 1 },
    ]);
  } finally {
    await databases.close();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  }
});
