import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const SECRET_BYTES = 32;
const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/**
 * The secret `DATA_DIR/secrets/<name>`, made at first use: 64 hexadecimal characters that only the owner can read.
 * Processes that ask at the same moment all get the same one: `link` lets exactly one complete file take the name.
 *
 * @throws Error when the folder cannot be written or the file has been emptied.
 */
export function generatedSecret(dataDir: string, name: string): string {
  const folder = join(dataDir, 'secrets');
  const path = join(folder, name);
  mkdirSync(folder, { recursive: true, mode: OWNER_ONLY_FOLDER });
  const secret = readSecret(path);
  if (secret !== null) return secret;

  const draft = `${path}.${process.pid}.${randomBytes(6).toString('hex')}`;
  try {
    writeDurably(draft, `${randomBytes(SECRET_BYTES).toString('hex')}\n`);
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(draft);
  }
  return readSecret(path) ?? generatedSecret(dataDir, name);
}

function readSecret(path: string): string | null {
  try {
    const secret = readFileSync(path, 'utf8').trim();
    if (secret.length < SECRET_BYTES) throw new Error(`${path} is too short for a secret. Restore it, or delete it to get a new one.`);
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', OWNER_ONLY_FILE);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
