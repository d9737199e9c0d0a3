import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';
import extractDepcruiseConfig from 'dependency-cruiser/config-utl/extract-depcruise-config';

export const REPOSITORY = path.resolve(import.meta.dirname, '../..');

const config = await extractDepcruiseConfig(path.join(REPOSITORY, '.dependency-cruiser.mjs'));

export const RULES: readonly string[] = (config.forbidden ?? []).map((rule) => rule.name ?? 'a rule without a name');

export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

/** What the import rules refuse in `src` below `baseDir`. */
export async function violations(baseDir: string): Promise<Violation[]> {
  const options = { ...config.options, ruleSet: { forbidden: config.forbidden ?? [] }, validate: true, baseDir } as ICruiseOptions;
  const { output } = await cruise(['src'], options, config.options?.enhancedResolveOptions ?? {});
  const { summary } = output as ICruiseResult;
  return summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
}

/** File → what it imports: files by their path, packages and builtins by their name. */
export type House = Readonly<Record<string, readonly string[]>>;

/** Writes the house to a folder of its own, hands over its path, and removes it. */
export async function withHouse<T>(house: House, packages: Packages, work: (baseDir: string) => Promise<T>): Promise<T> {
  const baseDir = await mkdtemp(path.join(tmpdir(), 'ordersaga-house-'));
  try {
    await Promise.all([
      ...Object.entries(house).map(([file, imports]) => write(baseDir, file, imports.map((target) => importOf(file, target)).join(''))),
      ...Object.values(packages)
        .flat()
        .map((name) => write(baseDir, `node_modules/${name}/index.js`, 'export {};\n')),
      write(baseDir, 'package.json', manifest(packages)),
    ]);
    return await work(baseDir);
  } finally {
    await rm(baseDir, { recursive: true, force: true });
  }
}

export interface Packages {
  readonly declared: readonly string[];
  readonly forDevelopment: readonly string[];
  readonly undeclared: readonly string[];
}

function manifest({ declared, forDevelopment }: Packages): string {
  const versions = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, '1.0.0']));
  return JSON.stringify({ type: 'module', dependencies: versions(declared), devDependencies: versions(forDevelopment) });
}

function importOf(file: string, target: string): string {
  if (!/^(?:src|test)\//.test(target)) return `import '${target}';\n`;
  const relative = path.posix.relative(path.posix.dirname(file), target).replace(/\.ts$/, '.js');
  return `import '${relative.startsWith('.') ? relative : `./${relative}`}';\n`;
}

async function write(baseDir: string, file: string, text: string): Promise<void> {
  const target = path.join(baseDir, file);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, text);
}
