// Loaded into a shop before its own first module: `node --import …/arm-failpoints.mjs dist/main.js`. Whoever started the
// shop tells it over the channel between the two processes where to die or to fail, and may ask which places it has passed.
import { flushCompileCache } from 'node:module';
import { armFailpoints } from '../../dist/kernel/failpoint.js';

const reached = new Set();
let orders = { faults: {} };

armFailpoints((name) => {
  reached.add(name);
  if (name === orders.quitPostgresAt) {
    orders.quitPostgresAt = undefined;
    process.kill(orders.postmasterPid, 'SIGQUIT');
  }
  // The kernel ends this process before the next instruction: no `finally`, no flush, no farewell to the database.
  if (name === orders.killAt) process.kill(process.pid, 'SIGKILL');
  const faultsLeft = orders.faults[name] ?? 0;
  if (faultsLeft === 0) return;
  orders.faults[name] = faultsLeft - 1;
  throw new Error(`a fault at ${name}`);
});

process.on('message', (message) => {
  // Usually written at the end of a process; this one does not live to see it.
  flushCompileCache();
  if (message.orders) orders = { faults: {}, ...message.orders };
  process.send({ reached: [...reached] });
});
process.once('disconnect', () => process.exit(0));
process.channel.unref();
