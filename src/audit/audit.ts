import { OutOfTime } from '../database/snapshot-session.js';
import { type Addresses, type Book, type Books, CannotAudit } from './books.js';
import { CENSUS_NAMES, type Census, countIn, sumOf } from './census.js';
import { type Check, FINDINGS_LISTED_MAX, type FindingRow, statementOf, statementOverCopies } from './check.js';
import type { FilesRead } from './checks/6-side-effects.js';
import { checksFor } from './checks/all.js';
import { copyToHome } from './copies.js';
import { DELIVERED_TABLES, fileSizes, loadDelivered } from './delivered-orders.js';
import { withBooks } from './open-books.js';
import type { AuditReport, CheckReport, Findings } from './report.js';

export interface AuditOptions extends Addresses {
  /** Also refuse what is pending: for a shop where nothing is under way. */
  readonly settled?: boolean;
  /** Where the data platform's files are, if it takes files; without them 6.3 has nothing to look into. */
  readonly deliveredFolder?: string;
  /** Other processes may write to folders of their own: what has no line in this one may have it there. Its acknowledgement is known all the same. */
  readonly deliveredElsewhere?: boolean;
  /** Refuses with {@link AuditInProgress} while another one that was asked for like this is running, in whichever process. */
  readonly oneAtATime?: boolean;
  /** Then it ends, without a result. */
  readonly timeMsMax?: number;
  /** Told of each thing done, such as `1.2` or a table that is read. */
  readonly onProgress?: (done: string) => void;
}

const TIME_MS_MAX = 10 * 60_000;

/**
 * Checks the shop's books against the invariants of the design. What a running shop may leave half done for a moment is
 * pending, and no violation; the tables tell which it is. How several databases are compared is told at `withBooks`.
 *
 * @throws CannotAudit when there are no books, or when it takes too long; AuditInProgress; Unavailable when a database does not answer.
 */
export async function audit(options: AuditOptions | string): Promise<AuditReport> {
  const {
    timeMsMax = TIME_MS_MAX,
    settled = false,
    oneAtATime = false,
    deliveredFolder,
    deliveredElsewhere = false,
    onProgress = () => {},
    ...where
  } = optionsOf(options);
  const sizes = deliveredFolder === undefined ? null : await fileSizes(deliveredFolder);
  const files = sizes === null ? 'none' : deliveredElsewhere ? 'some' : 'all';
  try {
    return await withBooks(where, { timeMsMax, oneAtATime, temporaryTables: sizes ? DELIVERED_TABLES : '' }, async (books) => {
      const lines = deliveredFolder && sizes ? await loadDelivered(books.home.session, deliveredFolder, sizes) : 0;
      if (books.others.length > 0) await copyToHome(books, onProgress);
      return auditBooks(books, { settled, files, lines, onProgress });
    });
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    throw new CannotAudit(`the audit was not through after ${Math.ceil(timeMsMax / 1_000)} s, and was ended`, { cause: error });
  }
}

const optionsOf = (options: AuditOptions | string): AuditOptions => (typeof options === 'string' ? { url: options } : options);

interface Reading {
  readonly settled: boolean;
  readonly files: FilesRead;
  readonly lines: number;
  readonly onProgress: (done: string) => void;
}

interface Answer {
  readonly check: Check;
  readonly rows: readonly FindingRow[];
}

async function auditBooks(books: Books, { settled, files, lines, onProgress }: Reading): Promise<AuditReport> {
  const everywhere = [books.home, ...books.others];
  const copied = books.others.flatMap(({ domains }) => domains);
  const checks = checksFor([...books.home.domains, ...copied].toSorted(), { files });
  const placeOf = (check: Check): Book =>
    everywhere.find(({ domains }) => check.reads.every((domain) => domains.includes(domain))) ?? books.home;

  const readBook = async (book: Book): Promise<{ counted: Partial<Census>; answers: readonly Answer[] }> => {
    const counted = await countIn(book.session, book.domains);
    const answers: Answer[] = [];
    // One by one: a session runs one statement at a time.
    for (const [number, check] of checks.entries()) {
      if (placeOf(check) !== book) continue;
      const statement = check.reads.every((domain) => book.domains.includes(domain))
        ? statementOf(check, number)
        : statementOverCopies(check, copied, number);
      answers.push({ check, rows: statement === null ? [] : await book.session.query<FindingRow>(statement) });
      onProgress(check.id);
    }
    return { counted, answers };
  };
  const read = await Promise.all(everywhere.map(readBook));

  const census = sumOf([...read.map(({ counted }) => counted), { deliveredLines: lines }]);
  const byId = Map.groupBy(
    read.flatMap(({ answers }) => answers),
    ({ check }) => check.id,
  );
  const reports = [...new Set(checks.map(({ id }) => id))].map((id) => reportOf(byId.get(id) ?? [], census));
  const violations = totalOf(reports.map((report) => report.violations));
  const pending = totalOf(reports.map((report) => report.pending));
  return {
    at: books.home.at.toISOString(),
    databases: everywhere.map(({ name, domains, at }) => ({ name, domains, at: at.toISOString() })),
    clean: violations === 0 && !(settled && pending > 0),
    violations,
    pending,
    census,
    checks: reports,
  };
}

/** Of one check, or of the same check at several places. */
function reportOf(answers: readonly Answer[], census: Census): CheckReport {
  const [first] = answers;
  if (!first) throw new Error('a check was not run');
  const { id, title, examines } = first.check;
  return {
    id,
    title,
    examined: census[examines],
    examinedWhat: CENSUS_NAMES[examines],
    violations: findings(answers.map(({ rows }) => rows.filter(({ pending }) => !pending))),
    pending: findings(answers.map(({ rows }) => rows.filter(({ pending }) => pending))),
  };
}

const findings = (places: readonly (readonly FindingRow[])[]): Findings => ({
  total: places.reduce((total, rows) => total + (rows[0]?.total ?? 0), 0),
  listed: places
    .flat()
    .slice(0, FINDINGS_LISTED_MAX)
    .map(({ sentence, facts }) => ({ sentence, facts })),
});

const totalOf = (each: readonly Findings[]): number => each.reduce((sum, { total }) => sum + total, 0);
