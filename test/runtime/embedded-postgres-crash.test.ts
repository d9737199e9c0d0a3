import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type EmbeddedProcess,
  expectEventually,
  killAll,
  postmasterPid,
  processesOn,
  query,
  startEmbeddedProcess,
  temporaryFolder,
} from '../support/embedded.js';

let folder: ReturnType<typeof temporaryFolder>;
let started: EmbeddedProcess[];

beforeEach(() => {
  folder = temporaryFolder();
  started = [];
});

afterEach(async () => {
  for (const { child } of started) child.kill('SIGKILL');
  await expectEventually('all is down', () => processesOn(folder.path).length === 0);
  folder.remove();
});

async function start(): Promise<EmbeddedProcess & { url: string }> {
  const program = await startEmbeddedProcess(folder.path);
  started.push(program);
  if (program.answer.url === undefined) throw new Error(program.answer.error);
  return { ...program, url: program.answer.url };
}

const parentOf = (pid: number): number => Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

describe('kill -9 of our process', () => {
  test('takes PostgreSQL down too (S1)', async () => {
    const program = await start();
    await program.end('SIGKILL');
    await expectEventually('no process is left', () => processesOn(folder.path).length === 0);
  });

  test('and a start at once: everything committed is there', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS one');
    await first.end('SIGKILL');
    const second = await start();
    expect(await query(second.url, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
  });

  test('with sessions open and busy does not keep PostgreSQL up', async () => {
    const program = await start();
    const client = new pg.Client({ connectionString: program.url });
    client.on('error', () => {});
    await client.connect();
    const busy = client.query('SELECT pg_sleep(600)').catch(() => {});
    await program.end('SIGKILL');
    await busy;
    await client.end().catch(() => {});
    await expectEventually('no process is left', () => processesOn(folder.path).length === 0);
  });

  test('together with the supervisor: the server that stays is ended by the next start, which then has the data', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS one');
    const orphan = postmasterPid(folder.path);
    // Before us, or they would do their work.
    const supervisorAndWatcher = processesOn(folder.path).filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'sh');
    expect(supervisorAndWatcher).toHaveLength(2);
    killAll(supervisorAndWatcher);
    await first.end('SIGKILL');
    expect(parentOf(orphan)).not.toBe(first.child.pid);
    const second = await start();
    expect(postmasterPid(folder.path)).not.toBe(orphan);
    expect(await query(second.url, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
  });

  test('together with the postmaster: the next start recovers', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS one');
    process.kill(postmasterPid(folder.path), 'SIGKILL');
    await first.end('SIGKILL');
    const second = await start();
    expect(await query(second.url, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
  });

  test('of everything at once: the next start recovers', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS one');
    killAll(processesOn(folder.path));
    await first.end('SIGKILL');
    const second = await start();
    expect(await query(second.url, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
  });
});

describe('a stop', () => {
  test('by SIGTERM lets our drain use the database to its end, and leaves nothing (S2)', async () => {
    const program = await start();
    program.child.kill('SIGTERM');
    await sleep(100);
    expect(await query(program.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await program.end('SIGTERM');
    expect(program.child.exitCode).toBe(0);
    await expectEventually('no process is left', () => processesOn(folder.path).length === 0);
  });

  test('Ctrl-C reaches us alone: PostgreSQL is in a session of its own (S2)', async () => {
    const program = await start();
    const session = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3];
    expect(session(postmasterPid(folder.path))).not.toBe(session(program.child.pid ?? 0));
  });

  test('by SIGTERM sent to the supervisor too, as a machine that goes down does, waits for us', async () => {
    const program = await start();
    process.kill(parentOf(postmasterPid(folder.path)), 'SIGTERM');
    expect(await query(program.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await program.end('SIGTERM');
    await expectEventually('no process is left', () => processesOn(folder.path).length === 0);
  });
});

test('a second program on the same folder is told who uses it', async () => {
  const first = await start();
  const second = await startEmbeddedProcess(folder.path);
  started.push(second);
  expect(second.answer.error).toBe(
    `The data folder ${folder.path} is in use by another running Ordersaga (pid ${first.child.pid}). Stop it, or set DATA_DIR to another folder.`,
  );
  expect(await query(first.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('nothing of our environment reaches PostgreSQL', async () => {
  await start();
  const environment = readFileSync(join('/proc', String(postmasterPid(folder.path)), 'environ'), 'utf8');
  expect(environment.split('\0').map((entry) => entry.split('=')[0])).not.toContain('HOME');
});
