import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import ts from 'typescript';

/** A file of the repository: its path from the root, with slashes, and its text. */
export interface File {
  readonly path: string;
  readonly text: string;
}

export interface Complaint {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

export async function filesOf(root: string): Promise<File[]> {
  const files: File[] = [];
  for await (const each of glob(['{src,test,bench,infra}/**/*.{ts,sql,lua}', 'migrations/**/*.sql'], { cwd: root })) {
    files.push({ path: each, text: await readFile(path.join(root, each), 'utf8') });
  }
  return files;
}

const NOT_A_DOMAIN = new Set(['kernel', 'cli', 'audit', 'messaging', 'database', 'locks', 'redis', 'kafka', 'config', 'http']);

/** The folder of src or migrations that the file stands in: a domain, a platform folder, or undefined for the files above them. */
export const folderOf = (file: File): string | undefined => /^(?:src|migrations)\/([^/]+)\//.exec(file.path)?.[1];

/** As in .dependency-cruiser.mjs: a folder of src that is no platform folder is a domain. */
export const domainOf = (file: File): string | undefined => {
  const folder = folderOf(file);
  return folder === undefined || NOT_A_DOMAIN.has(folder) ? undefined : folder;
};

/** The commands of the operator, and the auditor: they read the tables of all domains, and own none. */
export const isObserver = (file: File): boolean => /^src\/(?:audit|cli)\//.test(file.path);

export const isTest = (file: File): boolean => file.path.endsWith('.test.ts') || file.path.startsWith('test/');
/** Code that runs in the shop's processes, neither a test nor a command of the operator. */
export const isCode = (file: File): boolean => /^src\/(?!cli\/).*\.ts$/.test(file.path) && !isTest(file);

const parsed = new WeakMap<File, { source: ts.SourceFile; nodes: readonly ts.Node[] }>();

function parse(file: File): { source: ts.SourceFile; nodes: readonly ts.Node[] } {
  const known = parsed.get(file);
  if (known) return known;
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ESNext, true);
  const result = { source, nodes: [...below(source)] };
  parsed.set(file, result);
  return result;
}

/** Every node of a TypeScript file, outer before inner. No node for other files. */
export const nodesOf = (file: File): readonly ts.Node[] => (file.path.endsWith('.ts') ? parse(file).nodes : []);

export function* below(node: ts.Node): Generator<ts.Node> {
  for (const child of node.getChildren()) {
    yield child;
    yield* below(child);
  }
}

/** Like {@link below}, but not into functions: what runs when the node runs. */
export function* belowInSameFunction(node: ts.Node): Generator<ts.Node> {
  for (const child of node.getChildren()) {
    if (ts.isFunctionLike(child)) continue;
    yield child;
    yield* belowInSameFunction(child);
  }
}

export const complainAt = (file: File, node: ts.Node, message: string): Complaint => ({
  path: file.path,
  line: parse(file).source.getLineAndCharacterOfPosition(node.getStart()).line + 1,
  message,
});

/** One complaint per line that matches. */
export const complainOfLines = (file: File, pattern: RegExp, message: string): Complaint[] =>
  file.text.split('\n').flatMap((text, index) => (pattern.test(text) ? [{ path: file.path, line: index + 1, message }] : []));

/** `a.b.c(…)` → `['a', 'b', 'c']`; a call in between counts as its callee. */
export function calleeOf(call: ts.CallExpression): string[] {
  const names: string[] = [];
  let at: ts.Expression = call.expression;
  for (;;) {
    if (ts.isPropertyAccessExpression(at)) {
      names.unshift(at.name.text);
      at = at.expression;
    } else if (ts.isCallExpression(at)) at = at.expression;
    else break;
  }
  return ts.isIdentifier(at) ? [at.text, ...names] : names;
}
