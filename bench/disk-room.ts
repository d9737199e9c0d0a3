import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { WrongOption } from '../test/support/command-options.js';

export const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

/** Before a run that fills a disk. @returns what is needed and free, in words. @throws when there is less. */
export function demandRoom(neededBytes: number, hint: string): string {
  const { bavail, bsize } = statfsSync(tmpdir());
  const freeBytes = bavail * bsize;
  const words = `${gigabytes(neededBytes)} of disk are needed in ${tmpdir()}, ${gigabytes(freeBytes)} are free`;
  if (freeBytes < neededBytes) throw new WrongOption(`${words}: set TMPDIR, or ask for ${hint}`);
  return words;
}
