import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const COMMAND_MS_MAX = 120_000;
const OUTPUT_BYTES_MAX = 16 * 2 ** 20;

/** What infra brings is kept here between runs, for all clones of the project. */
export const cacheFolder = (name: string): string => join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'ordersaga', name);

/**
 * A Debian package with the libraries that this machine lacks, unpacked into the cache: no root needed, nothing installed,
 * no script of the package run.
 *
 * @returns the folder that has its `usr/`.
 * @throws Error when there is no apt here, or it cannot get the package.
 */
export async function debianPackage(name: string): Promise<string> {
  const folder = cacheFolder(`${name}-${process.arch}`);
  if (existsSync(folder)) return folder;
  await mkdir(cacheFolder(''), { recursive: true });
  const draft = await mkdtemp(`${folder}.`);
  try {
    const packages = await missingPackages(name, draft);
    await apt(draft, 'download', ...packages);
    const archives = (await readdir(draft)).filter((file) => file.endsWith('.deb'));
    await Promise.all(archives.map((archive) => command('dpkg', ['-x', join(draft, archive), join(draft, 'root')], draft)));
    // Whoever was faster has left the same thing.
    await rename(join(draft, 'root'), folder).catch((error: NodeJS.ErrnoException) => {
      if (!existsSync(folder)) throw error;
    });
    return folder;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** The package and what it depends on, without what is installed: what apt would install. */
async function missingPackages(name: string, cwd: string): Promise<string[]> {
  const simulate = () => apt(cwd, 'install', '--simulate', '--no-install-recommends', name);
  const plan = await simulate().catch(async () => {
    // A fresh machine has no lists of packages yet; ours stay in our folder.
    await mkdir(join(cwd, 'lists', 'partial'), { recursive: true });
    await apt(cwd, 'update');
    return simulate();
  });
  const packages = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, each]) => each as string);
  // Installed, but not on PATH: unpack it all the same.
  return packages.length > 0 ? packages : [name];
}

function apt(cwd: string, ...args: readonly string[]): Promise<string> {
  const ownLists = existsSync(join(cwd, 'lists')) ? ['-o', `Dir::State::lists=${join(cwd, 'lists')}`, '-o', 'Debug::NoLocking=1'] : [];
  // Otherwise it complains that its own user cannot write into our folder.
  return command('apt-get', ['-o', 'APT::Sandbox::User=', ...ownLists, ...args], cwd);
}

async function command(program: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await run(program, args, {
    cwd,
    timeout: COMMAND_MS_MAX,
    maxBuffer: OUTPUT_BYTES_MAX,
    env: { ...process.env, LC_ALL: 'C' },
  });
  return stdout;
}
