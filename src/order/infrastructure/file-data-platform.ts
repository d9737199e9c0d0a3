import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Received } from '../../messaging/event.js';
import { DataPlatform } from '../application/data-platform.port.js';
import type { OrderProcessed } from '../application/events/order-processed.event.js';

/**
 * Paid orders as newline-delimited JSON, one file per day of payment (UTC): a CloudEvent a line. A crash may repeat
 * the last lines; the reader drops repeats by `id`.
 */
export class FileDataPlatform extends DataPlatform {
  constructor(private readonly folder: string) {
    super();
  }

  override async send(events: readonly Received<typeof OrderProcessed>[]): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const byDay = Map.groupBy(events, ({ data }) => data.paidAt.slice(0, 10));
    await Promise.all([...byDay].map(([day, ofDay]) => append(join(this.folder, `paid-orders-${day}.ndjson`), ofDay)));
  }
}

/** Returns when the lines are on the disk: only then may the cursor pass them. */
async function append(path: string, events: readonly Received<typeof OrderProcessed>[]): Promise<void> {
  const file = await open(path, 'a', 0o640);
  try {
    await file.appendFile(events.map((event) => `${JSON.stringify({ specversion: '1.0', ...event })}\n`).join(''));
    await file.datasync();
  } finally {
    await file.close();
  }
}
