// Loaded into a shop before its own first module (NODE_OPTIONS=--import=…): listeners fail at random, at the rate of BENCH_FAULT_RATE.
import { armFailpoints } from '../dist/kernel/failpoint.js';

const rate = Number(process.env.BENCH_FAULT_RATE);
/** In the middle of what a listener does: a durable one about to move its cursor, one that was asked about to commit. */
const LISTENER = / → .*: before (?:cursor|commit)$/;
const DURABLE_COMMIT = / from .*: before commit$/;

let faults = 0;

armFailpoints((name) => {
  if (!LISTENER.test(name) || DURABLE_COMMIT.test(name) || Math.random() >= rate) return;
  faults++;
  throw new Error(`a fault at ${name}`);
});
process.once('exit', () => process.stderr.write(`faults: ${faults}\n`));
