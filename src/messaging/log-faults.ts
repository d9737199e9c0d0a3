import { Logger } from '@nestjs/common';
import type { OnFault } from './on-fault.js';

const logger = new Logger('Messaging');

/** Writes what a subscriber could not do, and what follows, into the log. */
export const logFault: OnFault = (fault, { subscriber, event, failures, retryInMs }) => {
  const what = event ? `${subscriber} failed on ${event.id}` : `${subscriber} cannot go on`;
  const next = retryInMs === null ? 'giving up: it is a dead letter now' : `trying again in ${Math.round(retryInMs)} ms`;
  logger.warn({ err: fault, failures, retryInMs }, `${what} (failure ${failures}), ${next}`);
};
