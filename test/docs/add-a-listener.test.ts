import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, type FreshDatabase } from '../support/database.js';
import { temporaryFolder } from '../support/embedded.js';
import { type Fence, fencesOf, project, readDocument } from './markdown.js';
import { DidNotOpen, startShopProcess } from './shop-process.js';

const BUILDS_MS_MAX = 240_000;
const PARTS = ['bin', 'src', 'migrations', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];
const CATALOGUE = 'src/event-catalogue.ts';

const pathOf = ({ heading }: Fence): string => heading.replaceAll('`', '');
const page = fencesOf(readDocument('docs/ADD-A-LISTENER.md'));
const listings = page.filter(({ info }) => info === 'ts' || info === 'sql');
const diffs = page.filter(({ info }) => info === 'diff');

describe('every listing of the page stands in its file:', () => {
  test.for(listings.map((listing) => [pathOf(listing), listing] as const))('%s', ([path, { text }]) => {
    const file = readDocument(path);
    let from = 0;
    for (const part of text.split('// …').map((each) => each.trim())) {
      expect(file.slice(from)).toContain(part);
      from = file.indexOf(part, from) + part.length;
    }
  });

  test.for(diffs.map((diff) => [pathOf(diff), diff] as const))('%s, as the page changed it', ([path, diff]) => {
    for (const { after } of partsOf(diff)) expect(readDocument(path)).toContain(after);
  });

  test('and none is left out', () => {
    expect([listings.length, diffs.length]).toEqual([7, 2]);
  });
});

test('the listener in the README is the one of the file, shortened', () => {
  const ofReadme = fencesOf(readDocument('README.md')).find(({ info, heading }) => info === 'ts' && heading === 'Add a listener');
  const listener = readDocument('src/notification/application/listeners/on-order-processed.listener.ts');
  const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll(', )', ')').replaceAll('( ', '(');
  expect(oneLine(listener)).toContain(oneLine(ofReadme?.text ?? 'no listing').trim());
});

/** A part ends where lines are left out (`…`), and where a line of the old text follows one of the new: `+ +  `, `- +`, `- + + +`. */
function partsOf({ text }: Fence): { before: string; after: string }[] {
  const parts: { before: string[]; after: string[] }[] = [];
  let previous = '';
  for (const line of text.split('\n')) {
    if (line.trim() === '…') {
      parts.push({ before: [], after: [] });
      continue;
    }
    const kind = line[0] ?? '';
    const part = parts.at(-1);
    const current = part === undefined || (kind === '-' && previous !== '-') ? { before: [], after: [] } : part;
    if (current !== part) parts.push(current);
    if (kind !== '+') current.before.push(line.slice(1));
    if (kind !== '-') current.after.push(line.slice(1));
    previous = kind;
  }
  return parts.map(({ before, after }) => ({ before: before.join('\n'), after: after.join('\n') }));
}

describe('without its lines in the catalogue', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let database: FreshDatabase;

  /** A copy of the project as it was before. */
  beforeAll(async () => {
    folder = temporaryFolder();
    database = await freshDatabase();
    for (const part of PARTS) cpSync(project(part), join(folder.path, part), { recursive: true });
    symlinkSync(project('node_modules'), join(folder.path, 'node_modules'));
    const changes = diffs.filter((diff) => pathOf(diff) === CATALOGUE).flatMap(partsOf);
    const path = join(folder.path, CATALOGUE);
    const unlisted = changes.reduce((text, { before, after }) => text.replace(after, () => before), readFileSync(path, 'utf8'));
    writeFileSync(path, unlisted);
  });

  afterAll(async () => {
    await database.drop();
    folder.remove();
  });

  test(
    'the shop does not start, and says what is missing',
    async () => {
      const environment = { DATABASE_URL: database.url, DATA_DIR: join(folder.path, 'data'), JWT_SECRET: 'x'.repeat(32) };
      const refusal = await startShopProcess(environment, folder.path).then(
        async (shop) => {
          await shop.stop();
          return 'it started';
        },
        (error: unknown) => (error instanceof DidNotOpen ? error.message : String(error)),
      );
      expect(refusal).toContain(page.find(({ text }) => text.includes('a listener, but not listed'))?.text);
    },
    BUILDS_MS_MAX,
  );
});
