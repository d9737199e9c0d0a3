import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EmbeddedPostgres, EmbeddedPostgresOptions } from '../../src/database/embedded/embedded-postgres.js';
import { EmbeddedPostgresError } from '../../src/database/embedded/embedded-postgres-error.js';
import { findRunningEmbedded } from '../../src/database/embedded/running-server.js';
import { expectEventually, postmasterPid, processesOn, query, startForTest, temporaryFolder } from '../support/embedded.js';

let folder: ReturnType<typeof temporaryFolder>;
let running: EmbeddedPostgres[];

beforeEach(() => {
  folder = temporaryFolder();
  running = [];
});

afterEach(async () => {
  for (const postgres of running) await postgres.stop('immediate');
  folder.remove();
});

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const postgres = await startForTest({ dataDir: folder.path, ...options });
  running.push(postgres);
  return postgres;
}

async function refusal(options: Partial<EmbeddedPostgresOptions> = {}): Promise<string> {
  const error = await start(options).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EmbeddedPostgresError);
  expect((error as Error).message).not.toContain('\n');
  return (error as Error).message;
}

describe('a first start', () => {
  test('gives a UTF-8 database with checksums that waits for the disk and listens on 127.0.0.1 alone', async () => {
    const { url } = await start({ settings: { fsync: 'on' } });
    const rows = await query<{ name: string; setting: string }>(
      url,
      `SELECT name, setting FROM pg_settings
       WHERE name IN ('server_encoding', 'data_checksums', 'fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses', 'unix_socket_directories')`,
    );
    expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual({
      server_encoding: 'UTF8',
      data_checksums: 'on',
      fsync: 'on',
      synchronous_commit: 'on',
      full_page_writes: 'on',
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
    });
  });

  test('takes a port below the ephemeral range and asks for the password', async () => {
    const { url } = await start();
    const { port, username, pathname } = new URL(url);
    expect(Number(port)).toBeLessThan(32_768);
    expect([username, pathname]).toEqual(['ordersaga', '/ordersaga']);
    await expect(query(url.replace(/:[0-9a-f]+@/, ':wrong@'), 'SELECT')).rejects.toMatchObject({ code: '28P01' });
  });

  test('keeps password and address from other users', async () => {
    await start();
    for (const file of ['secrets/postgres-password', 'postgres.json']) expect(statSync(join(folder.path, file)).mode & 0o777).toBe(0o600);
  });

  test('that was cut off while it made the database is made good by the next', async () => {
    mkdirSync(join(folder.path, 'postgres.new', 'base'), { recursive: true });
    const { url } = await start();
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('survives a flood of concurrent starts: one wins, the others say who', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => start()));
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => (reason as Error).message);
    expect(lost).toHaveLength(3);
    for (const message of lost) expect(message).toContain(`in use by another running Ordersaga (pid ${process.pid})`);
  });
});

describe('a restart', () => {
  test.each(['fast', 'immediate'] as const)('after a %s stop has all data, and the port of before', async (mode) => {
    const first = await start();
    await query(first.url, "CREATE TABLE kept AS SELECT 'data' AS what");
    await first.stop(mode);
    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'SELECT what FROM kept')).toEqual([{ what: 'data' }]);
  });

  test('takes another port when somebody took that of before', async () => {
    const first = await start();
    await first.stop();
    const squatter = createServer().listen(Number(new URL(first.url).port), '127.0.0.1');
    await expectEventually('the squatter listens', () => squatter.listening);
    try {
      const second = await start();
      expect(second.url).not.toBe(first.url);
    } finally {
      squatter.close();
    }
  });

  test('is not stopped by a stale postmaster.pid whose pid an unrelated process has now', async () => {
    const first = await start();
    const lockFile = join(folder.path, 'postgres', 'postmaster.pid');
    const stale = readFileSync(lockFile, 'utf8').replace(/^\d+/, String(process.pid));
    await first.stop('immediate');
    writeFileSync(lockFile, stale);
    const second = await start();
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('is not stopped by an empty lock file of a full disk', async () => {
    const first = await start();
    await first.stop('immediate');
    writeFileSync(join(folder.path, 'postgres', 'postmaster.pid'), '');
    const second = await start();
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('while it runs', () => {
  test('stop leaves no process behind', async () => {
    const postgres = await start();
    expect(processesOn(folder.path).length).toBeGreaterThan(2);
    await postgres.stop();
    await expectEventually('all are gone', () => processesOn(folder.path).length === 0);
  });

  test('stop ends sessions that are busy', async () => {
    const postgres = await start();
    const busy = query(postgres.url, 'SELECT pg_sleep(600)').catch((error: Error) => error);
    await expectEventually(
      'the query runs',
      async () => (await query(postgres.url, "SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'")).length === 1,
    );
    await postgres.stop();
    expect(await busy).toBeInstanceOf(Error);
  });

  test('kill -9 of the postmaster brings it back on the same address, with what was committed', async () => {
    const { url } = await start();
    await query(url, 'CREATE TABLE kept AS SELECT 1 AS one');
    const before = postmasterPid(folder.path);
    process.kill(before, 'SIGKILL');
    await expectEventually(
      'another postmaster answers',
      async () => (await query(url, 'SELECT one FROM kept').catch(() => [])).length === 1,
    );
    expect(postmasterPid(folder.path)).not.toBe(before);
    await expectEventually('tools find it', async () => (await findRunningEmbedded(folder.path)) === url);
  });

  test('tools find it, and do not find it when it has stopped', async () => {
    expect(await findRunningEmbedded(folder.path)).toBeNull();
    const postgres = await start();
    expect(await findRunningEmbedded(folder.path)).toBe(postgres.url);
    await postgres.stop();
    expect(await findRunningEmbedded(folder.path)).toBeNull();
  });
});

describe('one line tells what is wrong when', () => {
  test('another Ordersaga uses the folder', async () => {
    await start();
    expect(await refusal()).toBe(
      `The data folder ${folder.path} is in use by another running Ordersaga (pid ${process.pid}). Stop it, or set DATA_DIR to another folder.`,
    );
  });

  test('the folder cannot be made', async () => {
    writeFileSync(join(folder.path, 'file'), '');
    expect(await refusal({ dataDir: join(folder.path, 'file', 'data') })).toMatch(/cannot be written \(ENOTDIR\)\. Make it writable/);
  });

  test('a given port is taken', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await expectEventually('the squatter listens', () => squatter.listening);
    const { port } = squatter.address() as { port: number };
    try {
      expect(await refusal({ port })).toContain(`Port ${port} for the embedded PostgreSQL is taken.`);
    } finally {
      squatter.close();
    }
  });

  test('a setting is wrong', async () => {
    expect(await refusal({ settings: { shared_buffers: 'plenty' } })).toMatch(/does not start: .*shared_buffers.* See .*postgres\.log/);
  });

  test('the database is of another major version', async () => {
    const postgres = await start();
    await postgres.stop();
    writeFileSync(join(folder.path, 'postgres', 'PG_VERSION'), '17\n');
    expect(await refusal()).toContain('is of PostgreSQL 17; this Ordersaga brings 18.');
  });

  test('something else lies where the database goes', async () => {
    mkdirSync(join(folder.path, 'postgres'));
    writeFileSync(join(folder.path, 'postgres', 'holiday.jpg'), '');
    expect(await refusal()).toContain('holds something that is no database');
    expect(existsSync(join(folder.path, 'postgres', 'holiday.jpg'))).toBe(true);
  });

  test('the password has been replaced', async () => {
    const postgres = await start();
    await postgres.stop();
    const file = join(folder.path, 'secrets', 'postgres-password');
    chmodSync(file, 0o600);
    writeFileSync(file, 'f'.repeat(64));
    expect(await refusal()).toContain('is not that of the database beside it');
    await expectEventually('nothing is left behind', () => processesOn(folder.path).length === 0);
  });
});
