import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { SnapshotSession } from '../database/snapshot-session.js';

/** How long each file was at one moment, by its name. */
export type FileSizes = ReadonlyMap<string, number>;

export const DELIVERED_TABLES = `
  CREATE TABLE pg_temp.delivered_file (day date NOT NULL);
  CREATE TABLE pg_temp.delivered_line (order_id bigint NOT NULL, before_snapshot boolean NOT NULL)`;

const FILE = /^paid-orders-(\d{4}-\d{2}-\d{2})\.ndjson$/;
const EVENT_ID = /^order\.processed:(\d{1,16})$/;
const CHUNK_CHARACTERS = 65_536;

/** @returns null when there is no such folder: on this machine nobody handed anything over. */
export async function fileSizes(folder: string): Promise<FileSizes | null> {
  const names = await filesIn(folder);
  if (names === null) return null;
  return new Map(await Promise.all(names.map(async (name): Promise<[string, number]> => [name, (await stat(join(folder, name))).size])));
}

/**
 * Reads the data platform's files beside the snapshot of the database.
 *
 * F1: the lines are written before their acknowledgement is recorded. So the files are read after the snapshot: what is acknowledged there is in them.
 * F2: the sizes are taken before the snapshot. So a line that lies before them tells of an order that the snapshot must know as paid;
 *     one behind them may be younger.
 *
 * @returns how many lines there are.
 */
export async function loadDelivered(session: SnapshotSession, folder: string, sizesBefore: FileSizes): Promise<number> {
  const names = (await filesIn(folder)) ?? [];
  let lines = 0;
  async function* rows(): AsyncGenerator<string> {
    for (const name of names) {
      let chunk = '';
      for await (const row of rowsOf(join(folder, name), sizesBefore.get(name) ?? 0)) {
        lines++;
        chunk += row;
        if (chunk.length < CHUNK_CHARACTERS) continue;
        yield chunk;
        chunk = '';
      }
      yield chunk;
    }
  }
  async function* days(): AsyncGenerator<string> {
    for (const name of names) yield `${FILE.exec(name)?.[1]}\n`;
  }
  await session.load(days(), 'pg_temp.delivered_file');
  await session.load(rows(), 'pg_temp.delivered_line');
  await session.run('ANALYZE pg_temp.delivered_line');
  return lines;
}

async function filesIn(folder: string): Promise<readonly string[] | null> {
  try {
    return (await readdir(folder)).filter((name) => FILE.test(name)).toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function* rowsOf(path: string, sizeBefore: number): AsyncGenerator<string> {
  // A character per byte, so that lengths are places in the file. The ids are ASCII.
  const input = createReadStream(path, 'latin1');
  let end = 0;
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      end += line.length + 1;
      const orderId = orderOf(line);
      if (orderId !== undefined) yield `${orderId}\t${end <= sizeBefore ? 't' : 'f'}\n`;
    }
  } finally {
    input.destroy();
  }
}

/** A line that a crash has torn is no event: what it should have told is told again. */
function orderOf(line: string): string | undefined {
  try {
    const { id } = JSON.parse(line) as { id?: unknown };
    return typeof id === 'string' ? EVENT_ID.exec(id)?.[1] : undefined;
  } catch {
    return undefined;
  }
}
