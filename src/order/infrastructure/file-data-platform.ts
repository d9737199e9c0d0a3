import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DataPlatform, type HandOver, type PaidOrderEvent, type Period } from '../application/data-platform.port.js';
import { cloudEvent } from './cloud-event.js';

const FILE_NAME = /^paid-orders-(\d{4}-\d{2}-\d{2})\.ndjson$/;
const NEWLINE = '\n';

/**
 * Paid orders as newline-delimited JSON, one file per day of payment (UTC): a CloudEvent a line. A crash may repeat the
 * last lines; the reader drops repeats by `id`. It may also tear the last line: then the next one begins on a line of its
 * own, and the torn order comes again.
 */
export class FileDataPlatform extends DataPlatform {
  readonly adapter = 'file';

  constructor(private readonly folder: string) {
    super();
  }

  override async send(events: readonly PaidOrderEvent[]): Promise<HandOver> {
    await mkdir(this.folder, { recursive: true });
    const byDay = Map.groupBy(events, ({ data }) => dayOf(data.paidAt));
    await Promise.all([...byDay].map(([day, ofDay]) => append(join(this.folder, `paid-orders-${day}.ndjson`), ofDay)));
    return { accepted: new Set(events.map(({ id }) => id)) };
  }

  override async present({ from, to }: Period): Promise<ReadonlySet<string>> {
    const days = [dayOf(from.toISOString()), dayOf(to.toISOString())] as const;
    const names = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const ofPeriod = names.filter((name) => {
      const day = FILE_NAME.exec(name)?.[1];
      return day !== undefined && day >= days[0] && day <= days[1];
    });
    const idsOfFiles = await Promise.all(ofPeriod.map((name) => idsIn(join(this.folder, name))));
    return new Set(idsOfFiles.flat());
  }
}

const dayOf = (instant: string): string => instant.slice(0, 10);

/** Returns when the lines are on the disk: only then are they acknowledged. */
async function append(path: string, events: readonly PaidOrderEvent[]): Promise<void> {
  const file = await open(path, 'a+', 0o640);
  try {
    const lines = events.map((event) => `${JSON.stringify(cloudEvent(event))}${NEWLINE}`).join('');
    await file.appendFile((await isTorn(file)) ? NEWLINE + lines : lines);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Whether the last line has no end: somebody died while writing it. */
async function isTorn(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() !== NEWLINE;
}

async function idsIn(path: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const id = idOf(line);
    if (id !== null) ids.push(id);
  }
  return ids;
}

/** Null for a torn line. */
function idOf(line: string): string | null {
  try {
    return (JSON.parse(line) as { id: string }).id;
  } catch {
    return null;
  }
}
