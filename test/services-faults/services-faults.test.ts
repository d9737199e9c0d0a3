import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { describeWithKafka } from '../support/shared-kafka.js';
import { brokerKilled, databaseAway, type Fault, servicesKilled, together } from './faults.js';
import { FaultedServices } from './faulted-services.js';
import { lineOf } from './fault-lines.js';

const CLIENTS = 4;
const CALM_MS = 1_000;
const AWAY_MS = 500;
const DATABASE_AWAY_MS = 6_000;
const START_MS_MAX = 120_000;
const TEST_MS_MAX = 300_000;

// `npm run chaos` has the long forms and the other faults. Duplicated and reordered deliveries: test/kafka/redelivery.test.ts.
// A Redis that is flushed and killed in a rush: test/redis/coupon-rush-faults.test.ts.
describeWithKafka('five services under load lose nothing and do nothing twice', () => {
  let services: FaultedServices;
  beforeAll(async () => {
    services = await FaultedServices.start({ postgresUrl: inject('postgresUrl'), instances: 1, clients: CLIENTS, calmMs: CALM_MS });
  }, START_MS_MAX);
  afterAll(() => services.stop());

  const faults: readonly (readonly [string, Fault])[] = [
    ['while the broker is killed and restarted', brokerKilled(AWAY_MS)],
    [
      'while the database of one of them is away, and two others are killed',
      together(databaseAway('user', DATABASE_AWAY_MS), servicesKilled(['order', 'product'], AWAY_MS)),
    ],
  ];
  test.for(faults)('%s', { timeout: TEST_MS_MAX }, async ([, fault], { annotate }) => {
    const report = await services.suffer(fault);
    await annotate(lineOf(report));
    expect(report.violations).toEqual([]);
  });
});
