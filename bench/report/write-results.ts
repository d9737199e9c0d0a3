import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where results go unless somebody wants them elsewhere. */
export const RESULTS = fileURLToPath(new URL('../results', import.meta.url));

interface Results {
  readonly json: object;
  /** Left out: no page. */
  readonly html?: string;
  /** Left out: those of the benchmark, which are named by their time alone. */
  readonly kind?: string;
}

/** @param at ISO 8601, names the files @returns where they are, one a line */
export function writeResults(folder: string, at: string, { json, html, kind }: Results): string {
  mkdirSync(folder, { recursive: true });
  const time = at.replaceAll(':', '-').replace(/\..*$/, '');
  const file = join(resolve(folder), kind === undefined ? time : `${kind}-${time}`);
  const written = [`${file}.json`];
  writeFileSync(`${file}.json`, `${JSON.stringify(json, null, 2)}\n`);
  if (html !== undefined) {
    written.push(`${file}.html`);
    writeFileSync(`${file}.html`, html);
  }
  return written.join('\n');
}
