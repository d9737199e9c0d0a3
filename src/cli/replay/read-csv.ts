import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { CsvError, parse } from 'csv-parse/sync';
import { ReplayError } from './replay-error.js';
import { COLUMNS, type Column, readRetailLine, type RetailLine } from './retail-line.js';

const FILE_BYTES_MAX = 256 * 1024 * 1024;
const LINE_CHARACTERS_MAX = 64 * 1024;
const NEW_LINE = 0x0a;

/**
 * The lines of a retail history, in the order of the file.
 * @throws ReplayError in one line: what is wrong, in which line and column
 */
export async function readCsv(path: string): Promise<RetailLine[]> {
  const bytes = await readBytes(path);
  const name = basename(path);
  refuseOtherEncodings(bytes, name);

  const lines: RetailLine[] = [];
  let linesRead = 0;
  let places: ReadonlyMap<Column, number> | undefined;
  const take = (record: readonly string[], line: number): null => {
    if (places) lines.push(readRetailLine(fieldsOf(record, places), `${name}, line ${line}`));
    else places = placesIn(record, name);
    linesRead = line;
    return null; // nothing for the parser to keep
  };
  try {
    parse(bytes, {
      bom: true,
      skip_empty_lines: true,
      max_record_size: LINE_CHARACTERS_MAX,
      on_record: (record: string[], { lines: line }) => take(record, line),
    });
  } catch (error) {
    throw error instanceof CsvError ? new ReplayError(`${name}, ${plainly(error, linesRead)}`) : error;
  }
  if (lines.length === 0) throw new ReplayError(`${name} has no lines${places ? ' below its header' : ': it is empty'}.`);
  return lines;
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > FILE_BYTES_MAX) {
      throw new ReplayError(`${path} is larger than ${FILE_BYTES_MAX / 1024 / 1024} MiB. Cut it into several files.`);
    }
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new ReplayError(`${path}: there is no such file.`);
    if (code === 'EISDIR') throw new ReplayError(`${path} is a folder, not a CSV file.`);
    if (code === 'EACCES') throw new ReplayError(`${path} may not be read by this user.`);
    throw error;
  }
}

/** Copies of this data set go round in Latin-1; its pound signs would turn into other characters in silence. */
function refuseOtherEncodings(bytes: Buffer, name: string): void {
  if (isUtf8(bytes)) return;
  let line = 1;
  for (let from = 0; from < bytes.length; line++) {
    const end = bytes.indexOf(NEW_LINE, from);
    const to = end === -1 ? bytes.length : end;
    if (!isUtf8(bytes.subarray(from, to))) break;
    from = to + 1;
  }
  throw new ReplayError(
    `${name}, line ${line}: not UTF-8 text. Convert the file, for example: iconv -f ISO-8859-1 -t UTF-8 ${name} > utf-8.csv`,
  );
}

function placesIn(header: readonly string[], name: string): ReadonlyMap<Column, number> {
  const places = new Map(COLUMNS.map((column) => [column, header.findIndex((title) => title.trim() === column)]));
  const missing = COLUMNS.filter((column) => places.get(column) === -1);
  if (missing.length > 0) {
    throw new ReplayError(
      `${name}, line 1: the header lacks the column${missing.length > 1 ? 's' : ''} ${missing.join(', ')}. Expected: ${COLUMNS.join(',')}`,
    );
  }
  return places;
}

const fieldsOf =
  (record: readonly string[], places: ReadonlyMap<Column, number>) =>
  (column: Column): string =>
    record[places.get(column) ?? -1] ?? '';

/** @param linesRead those before the record that is wrong */
function plainly(error: CsvError, linesRead: number): string {
  const line = `line ${Number(error['lines'])}`;
  switch (error.code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH':
      return `${line}: ${String((error['record'] as unknown[]).length)} columns, but the header has another number. A comma inside a text needs quotes around the text.`;
    case 'CSV_QUOTE_NOT_CLOSED':
      return `line ${linesRead + 1}: a quote is opened here and closed nowhere. Close it, or double it.`;
    case 'INVALID_OPENING_QUOTE':
    case 'CSV_INVALID_CLOSING_QUOTE':
      return `${line}: a quote in the middle of a text. Double it, and put the whole text in quotes.`;
    case 'CSV_MAX_RECORD_SIZE':
      return `${line}: longer than ${LINE_CHARACTERS_MAX} characters. A quote may be open.`;
    default:
      return `${line}: ${error.message}`;
  }
}
