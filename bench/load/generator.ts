import type { NumberedPlan } from './plan.js';
import { runPlan } from './run-plan.js';

// The load generator: a process of its own, so that its CPU time is counted apart from the shop's. It ends with its parent.

process.on('message', ({ run, plan }: NumberedPlan) => void runPlan(plan).then((measured) => process.send?.({ run, measured })));
process.once('disconnect', () => process.exit());
// A terminal's Ctrl-C reaches the whole group; the parent decides.
process.on('SIGINT', () => {});
