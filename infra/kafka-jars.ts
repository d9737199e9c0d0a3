import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const POM = fileURLToPath(new URL('kafka.pom.xml', import.meta.url));
const JAVA_VERSION_MIN = 17;
const DOWNLOAD_MS_MAX = 300_000;
const LOCK_EVERY_MS = 100;

const run = promisify(execFile);

/** Kafka cannot run here; the message is one line that says what to install. */
export class KafkaMissing extends Error {
  override readonly name = 'KafkaMissing';
}

/** The `java` to run Kafka with. @throws KafkaMissing */
export async function javaForKafka(): Promise<string> {
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java';
  const install = `Install Java ${JAVA_VERSION_MIN} or newer, on Debian: apt-get install -y openjdk-17-jre-headless`;
  const { stderr } = await run(java, ['-version']).catch(() => {
    throw new KafkaMissing(`Kafka needs Java, and there is no ${java}. ${install}`);
  });
  const version = Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
  if (version < JAVA_VERSION_MIN) throw new KafkaMissing(`Kafka does not run on Java ${version}. ${install}`);
  return java;
}

/**
 * The folder with the broker's jars. Maven brings them once for all projects of this user; another version of the
 * coordinates is another folder.
 *
 * @throws KafkaMissing when they are not there and Maven cannot bring them.
 */
export async function kafkaJars(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'ordersaga');
  const coordinates = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12);
  const folder = join(cache, `kafka-${coordinates}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const unlock = await lock(join(cache, 'kafka.lock'));
  try {
    if (!existsSync(folder)) await download(folder);
    return folder;
  } finally {
    unlock();
  }
}

/** The folder takes its name when it is complete, so that a download that was broken off is not taken for one. */
async function download(folder: string): Promise<void> {
  const draft = `${folder}.part`;
  rmSync(draft, { recursive: true, force: true });
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${draft}`, '-DincludeScope=runtime'];
  await run('mvn', ['--batch-mode', '--quiet', '--file', POM, ...goal], { timeout: DOWNLOAD_MS_MAX }).catch((error: unknown) => {
    const { code, stdout = '' } = error as { code?: unknown; stdout?: string };
    if (code === 'ENOENT') {
      throw new KafkaMissing('Maven brings Kafka, and there is no mvn. Install it, on Debian: apt-get install -y maven', { cause: error });
    }
    throw new KafkaMissing(`Maven could not bring Kafka: ${stdout.split('\n').find((line) => line.includes('ERROR')) ?? String(error)}`, {
      cause: error,
    });
  });
  renameSync(draft, folder);
}

/** An SQLite file in an exclusive transaction: the kernel frees it with the process, however that ends. */
async function lock(path: string): Promise<() => void> {
  const file = new DatabaseSync(path, { timeout: 0 });
  for (const giveUpAt = Date.now() + DOWNLOAD_MS_MAX; ; await sleep(LOCK_EVERY_MS)) {
    try {
      file.exec('BEGIN EXCLUSIVE');
      return () => file.close();
    } catch (error) {
      if (Date.now() < giveUpAt) continue;
      file.close();
      throw error;
    }
  }
}
