import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const project = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const readDocument = (path: string): string => readFileSync(project(path), 'utf8');

export interface Fence {
  /** What stands behind the three backticks. */
  readonly info: string;
  readonly text: string;
  /** The nearest heading above it, without its hashes. */
  readonly heading: string;
}

/** The code blocks of a Markdown text, in order. */
export function fencesOf(markdown: string): Fence[] {
  const fences: Fence[] = [];
  let heading = '';
  let open: { info: string; lines: string[] } | undefined;
  for (const line of markdown.split('\n')) {
    if (open && line.startsWith('```')) {
      fences.push({ info: open.info, text: open.lines.join('\n'), heading });
      open = undefined;
    } else if (open) open.lines.push(line);
    else if (line.startsWith('```')) open = { info: line.slice(3).trim(), lines: [] };
    else if (/^#+ /.test(line)) heading = line.replace(/^#+ /, '');
  }
  return fences;
}

/** The levels of the headings, in order: `## Run it` is 2. */
export function headingLevelsOf(markdown: string): number[] {
  const withoutFences = markdown.replaceAll(/^```[^]*?^```$/gm, '');
  return [...withoutFences.matchAll(/^(#+) /gm)].map(([, hashes = '']) => hashes.length);
}
