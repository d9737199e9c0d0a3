import type { Databases } from '../../src/database/databases.js';
import { deadLetterStatements } from '../../src/messaging/postgres/dead-letter-statements.js';
import { logEpochStatements } from '../../src/messaging/postgres/log-epoch-statements.js';
import { PgCursorStore } from '../../src/messaging/postgres/pg-cursor-store.js';
import { PgEventLog } from '../../src/messaging/postgres/pg-event-log.js';
import { PgParkedEvents } from '../../src/messaging/postgres/pg-parked-events.js';
import { PgSagaJournal } from '../../src/messaging/postgres/pg-saga-journal.js';

/** Makes the statements that are made once for each domain, or for each partition of a log. All others are there when their file is read. */
export function makeStatementsOfDomains(domains: readonly string[], databases: Databases): readonly object[] {
  return domains.flatMap((domain) => {
    const database = databases.of(domain);
    const epochs = logEpochStatements(domain);
    return [
      new PgEventLog(database),
      new PgSagaJournal(domain),
      new PgCursorStore(database),
      new PgParkedEvents(database),
      deadLetterStatements(domain),
      epochs.makePartition(1),
      epochs.attachPartition(1),
      epochs.detachPartition(1, 'CONCURRENTLY'),
      epochs.dropPartition(1),
    ];
  });
}
