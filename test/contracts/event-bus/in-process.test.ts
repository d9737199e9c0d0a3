import { describe } from 'vitest';
import { SystemClock } from '../../../src/kernel/clock.js';
import { InProcessMessaging } from '../../../src/messaging/in-process/in-process-messaging.js';
import { catalogue, type NewMessaging } from './bus-world.js';
import { delivery } from './delivery.js';
import { durableEvents } from './durable-events.js';
import { requestEvents } from './request-events.js';

const inProcess = (): NewMessaging => (databases) => new InProcessMessaging(catalogue, databases, new SystemClock());

describe('in process', () => {
  requestEvents(inProcess);
  durableEvents(inProcess);
  delivery(inProcess);
});
