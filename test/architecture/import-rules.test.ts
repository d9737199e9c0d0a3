import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type House, type Packages, REPOSITORY, RULES, violations, withHouse } from './house.js';

const PACKAGES: Packages = {
  declared: [
    'zod',
    'pg',
    'redis',
    '@redis/client',
    'fastify',
    '@fastify/static',
    '@nestjs/common',
    '@nestjs/core',
    '@nestjs/platform-fastify',
    'pino',
    '@platformatic/kafka',
  ],
  forDevelopment: ['vitest'],
  undeclared: ['stowaway'],
};

/** A small house that uses every arrow that is allowed. */
const HOUSE: House = {
  'src/main.ts': ['src/app.module.ts'],
  'src/app.module.ts': [
    'src/order/order.module.ts',
    'src/product/product.module.ts',
    'src/messaging/messaging.module.ts',
    'src/event-catalogue.ts',
    'src/http/problem.ts',
  ],
  'src/event-catalogue.ts': [
    'src/order/application/events/order-processing.event.ts',
    'src/product/application/events/product-changed.event.ts',
  ],
  'src/cli/audit.ts': [
    'src/audit/audit.ts',
    'src/database/database.ts',
    'src/order/domain/order.ts',
    'src/product/domain/product.ts',
    'node:fs',
  ],
  'src/audit/audit.ts': ['src/database/database.ts', 'src/config/config.ts', 'src/kernel/result.ts'],
  'src/console/presentation/audit.controller.ts': ['src/audit/audit.ts', 'src/database/database.ts', 'src/http/problem.ts'],
  'src/console/presentation/dead-letters.controller.ts': ['src/messaging/dead-letters.ts', 'src/http/problem.ts'],

  'src/kernel/money.ts': ['zod', 'node:crypto'],
  'src/kernel/result.ts': ['src/kernel/money.ts'],
  'src/messaging/event-bus.ts': ['src/kernel/result.ts', 'zod'],
  'src/messaging/dead-letters.ts': ['src/kernel/result.ts'],
  'src/messaging/postgres/pg-dead-letters.ts': ['src/messaging/dead-letters.ts', 'src/database/database.ts'],
  'src/messaging/in-process/in-process-event-bus.ts': ['src/messaging/event-bus.ts', 'src/database/database.ts'],
  'src/messaging/kafka/kafka-event-bus.ts': ['src/messaging/event-bus.ts', 'src/kafka/kafka-producer.ts', '@platformatic/kafka'],
  'src/kafka/kafka-producer.ts': ['src/config/config.ts', 'src/kernel/result.ts', '@platformatic/kafka'],
  'src/messaging/messaging.module.ts': [
    'src/messaging/in-process/in-process-event-bus.ts',
    'src/messaging/kafka/kafka-event-bus.ts',
    '@nestjs/common',
  ],
  'src/database/database.ts': ['src/kernel/result.ts', 'src/config/config.ts', 'pg'],
  'src/redis/redis.ts': ['src/kernel/result.ts', '@redis/client'],
  'src/locks/locks.ts': ['src/database/database.ts', 'src/redis/redis.ts'],
  'src/config/config.ts': ['zod', 'node:fs'],
  'src/http/problem.ts': ['src/kernel/result.ts', 'fastify', '@nestjs/platform-fastify'],

  'src/order/domain/order.ts': ['src/kernel/money.ts', 'zod'],
  'src/order/domain/order.service.ts': ['src/order/domain/order.ts'],
  'src/order/domain/order.test.ts': ['src/order/domain/order.ts', 'vitest'],
  'src/order/application/events/order-processing.event.ts': ['src/messaging/event-bus.ts', 'src/kernel/money.ts'],
  'src/order/application/payment-lock.port.ts': ['src/kernel/result.ts'],
  'src/order/application/data-platform.port.ts': ['src/kernel/result.ts'],
  'src/order/application/process-payment.use-case.ts': [
    'src/order/domain/order.service.ts',
    'src/order/application/events/order-processing.event.ts',
    'src/order/application/payment-lock.port.ts',
    'src/messaging/event-bus.ts',
    'src/kernel/money.ts',
    '@nestjs/common',
  ],
  'src/order/infrastructure/pg-orders.ts': [
    'src/order/domain/order.ts',
    'src/order/application/data-platform.port.ts',
    'src/database/database.ts',
    'src/locks/locks.ts',
    'pino',
  ],
  'src/order/presentation/orders.controller.ts': ['src/order/application/process-payment.use-case.ts', 'src/http/problem.ts', 'fastify'],
  'src/order/order.module.ts': [
    'src/order/infrastructure/pg-orders.ts',
    'src/order/presentation/orders.controller.ts',
    'src/database/database.ts',
  ],

  'src/product/domain/product.ts': ['src/kernel/money.ts'],
  'src/product/application/events/product-changed.event.ts': ['src/messaging/event-bus.ts'],
  'src/product/application/listeners/on-order-processing.listener.ts': [
    'src/order/application/events/order-processing.event.ts',
    'src/product/domain/product.ts',
  ],
  'src/product/infrastructure/pg-products.ts': ['src/product/domain/product.ts', 'src/database/database.ts'],
  'src/product/product.module.ts': [
    'src/product/infrastructure/pg-products.ts',
    'src/product/application/listeners/on-order-processing.listener.ts',
  ],
};

/** One line breaks one rule: the file on the left is made to import the one on the right. */
const PLANTS: readonly (readonly [rule: string, file: string, imports: string])[] = [
  ['no-circles', 'src/kernel/money.ts', 'src/kernel/result.ts'],
  ['no-barrels', 'src/order/application/events/order-processing.event.ts', 'src/kernel/index.ts'],
  ['no-unresolvable', 'src/kernel/money.ts', './nowhere.js'],
  ['no-undeclared-packages', 'src/http/problem.ts', 'stowaway'],
  ['no-dev-packages', 'src/http/problem.ts', 'vitest'],
  ['no-test-code', 'src/order/domain/order.service.ts', 'src/order/domain/order.test.ts'],
  ['no-test-code', 'src/cli/audit.ts', 'test/shop.ts'],

  ['kernel-imports-nothing', 'src/kernel/money.ts', 'src/config/config.ts'],
  ['kernel-imports-nothing', 'src/kernel/clock.ts', 'src/order/domain/order.ts'],
  ['domain-imports-kernel', 'src/product/domain/product.ts', 'src/messaging/event-bus.ts'],
  ['domain-imports-kernel', 'src/order/domain/order.ts', 'src/order/application/data-platform.port.ts'],
  ['application-imports-domain-and-messaging', 'src/order/application/get-orders.use-case.ts', 'src/order/infrastructure/pg-orders.ts'],
  ['application-imports-domain-and-messaging', 'src/order/application/data-platform.port.ts', 'src/database/database.ts'],
  ['application-imports-domain-and-messaging', 'src/order/application/data-platform.port.ts', 'src/locks/locks.ts'],
  ['application-imports-domain-and-messaging', 'src/order/application/get-orders.use-case.ts', 'src/messaging/messaging.module.ts'],
  [
    'infrastructure-imports-application-and-platform',
    'src/product/infrastructure/pg-products.ts',
    'src/product/presentation/products.controller.ts',
  ],
  ['infrastructure-imports-application-and-platform', 'src/product/infrastructure/pg-products.ts', 'src/event-catalogue.ts'],
  [
    'presentation-imports-application-and-platform',
    'src/product/presentation/products.controller.ts',
    'src/product/infrastructure/pg-products.ts',
  ],
  ['module-imports-own-domain', 'src/product/product.module.ts', 'src/event-catalogue.ts'],

  ['domains-share-events-only', 'src/product/application/listeners/on-order-processing.listener.ts', 'src/order/domain/order.ts'],
  [
    'domains-share-events-only',
    'src/product/application/listeners/on-order-processing.listener.ts',
    'src/order/application/process-payment.use-case.ts',
  ],
  ['domains-share-events-only', 'src/product/application/listeners/on-order-processing.listener.ts', 'src/order/order.module.ts'],
  ['only-application-knows-other-domains', 'src/product/domain/product.ts', 'src/order/application/events/order-processing.event.ts'],
  [
    'only-application-knows-other-domains',
    'src/product/infrastructure/pg-products.ts',
    'src/order/application/events/order-processing.event.ts',
  ],
  ['only-application-knows-other-domains', 'src/product/product.module.ts', 'src/order/order.module.ts'],
  ['only-application-knows-other-domains', 'src/a-domain-of-tomorrow/domain/thing.ts', 'src/order/domain/order.ts'],
  ['process-payment-stands-alone', 'src/order/application/process-payment.use-case.ts', 'src/order/application/data-platform.port.ts'],
  [
    'process-payment-stands-alone',
    'src/order/application/process-payment.use-case.ts',
    'src/product/application/events/product-changed.event.ts',
  ],

  ['platform-knows-no-domain', 'src/database/database.ts', 'src/order/domain/order.ts'],
  ['platform-knows-no-domain', 'src/messaging/event-bus.ts', 'src/product/application/events/product-stocked.event.ts'],
  ['platform-knows-no-domain', 'src/http/problem.ts', 'src/event-catalogue.ts'],
  ['messaging-knows-no-http', 'src/messaging/in-process/in-process-event-bus.ts', 'src/http/problem.ts'],
  ['interfaces-know-no-adapter', 'src/messaging/listener.ts', 'src/messaging/in-process/in-process-event-bus.ts'],
  ['interfaces-know-no-adapter', 'src/messaging/listener.ts', 'src/database/database.ts'],
  ['domains-know-no-adapter', 'src/order/application/get-orders.use-case.ts', 'src/messaging/in-process/in-process-event-bus.ts'],
  ['domains-know-no-adapter', 'src/order/infrastructure/pg-orders.ts', 'src/messaging/in-process/in-process-event-bus.ts'],
  ['domains-know-no-adapter', 'src/console/presentation/dead-letters.controller.ts', 'src/messaging/postgres/pg-dead-letters.ts'],
  ['only-application-knows-other-domains', 'src/console/presentation/dead-letters.controller.ts', 'src/order/domain/order.ts'],
  ['domains-know-no-adapter', 'src/order/order.module.ts', 'src/messaging/in-process/in-process-event-bus.ts'],
  ['buses-stand-alone', 'src/messaging/kafka/kafka-event-bus.ts', 'src/messaging/in-process/in-process-event-bus.ts'],
  ['buses-stand-alone', 'src/messaging/in-process/in-process-event-bus.ts', 'src/messaging/kafka/kafka-event-bus.ts'],
  ['only-the-root-names-domains', 'src/server.ts', 'src/order/order.module.ts'],
  ['audit-imports-database-only', 'src/audit/audit.ts', 'src/order/domain/order.ts'],
  ['audit-imports-database-only', 'src/audit/audit.ts', 'src/order/application/events/order-processing.event.ts'],
  ['audit-imports-database-only', 'src/audit/audit.ts', 'src/messaging/event-bus.ts'],
  ['audit-imports-database-only', 'src/audit/audit.ts', 'src/event-catalogue.ts'],
  ['only-cli-and-console-audit', 'src/order/domain/order.service.ts', 'src/audit/audit.ts'],
  ['only-cli-and-console-audit', 'src/order/application/get-orders.use-case.ts', 'src/audit/audit.ts'],
  ['only-cli-and-console-audit', 'src/order/infrastructure/pg-orders.ts', 'src/audit/audit.ts'],
  ['only-cli-and-console-audit', 'src/order/presentation/orders.controller.ts', 'src/audit/audit.ts'],
  ['only-cli-and-console-audit', 'src/order/order.module.ts', 'src/audit/audit.ts'],
  ['only-cli-and-console-audit', 'src/http/problem.ts', 'src/audit/audit.ts'],
  ['only-cli-and-console-audit', 'src/messaging/event-bus.ts', 'src/audit/audit.ts'],
  ['only-cli-and-console-audit', 'src/a-domain-of-tomorrow/presentation/thing.controller.ts', 'src/audit/audit.ts'],
  ['audit-imports-database-only', 'src/audit/audit.ts', 'src/console/presentation/dead-letters.controller.ts'],
  ['only-cli-and-console-audit', 'src/app.module.ts', 'src/audit/audit.ts'],

  ['pure-code-uses-zod-only', 'src/order/domain/order.service.ts', '@nestjs/common'],
  ['pure-code-uses-zod-only', 'src/kernel/money.ts', 'pg'],
  ['application-uses-nest-and-zod-only', 'src/order/application/process-payment.use-case.ts', 'fastify'],
  ['application-uses-nest-and-zod-only', 'src/order/application/process-payment.use-case.ts', '@nestjs/core'],
  ['no-io-in-pure-code', 'src/order/application/data-platform.port.ts', 'node:fs/promises'],
  ['no-io-in-pure-code', 'src/order/domain/order.ts', 'node:net'],
  ['no-io-in-pure-code', 'src/kernel/money.ts', 'node:child_process'],
  ['pg-in-database-only', 'src/order/infrastructure/pg-orders.ts', 'pg'],
  ['pg-in-database-only', 'src/cli/audit.ts', 'pg'],
  ['redis-in-redis-only', 'src/locks/locks.ts', '@redis/client'],
  ['redis-in-redis-only', 'src/order/infrastructure/pg-orders.ts', 'redis'],
  ['fastify-at-the-edge-only', 'src/order/infrastructure/pg-orders.ts', '@fastify/static'],
  ['fastify-at-the-edge-only', 'src/messaging/messaging.module.ts', '@nestjs/platform-fastify'],
  ['fastify-at-the-edge-only', 'src/cli/audit.ts', 'fastify'],
  ['kafka-knows-no-messaging', 'src/kafka/kafka-producer.ts', 'src/messaging/event-bus.ts'],
  ['kafka-knows-no-messaging', 'src/kafka/kafka-producer.ts', 'src/messaging/postgres/pg-dead-letters.ts'],
  ['interfaces-know-no-adapter', 'src/messaging/listener.ts', 'src/kafka/kafka-producer.ts'],
  ['kafka-in-kafka-only', 'src/messaging/messaging.module.ts', '@platformatic/kafka'],
  ['kafka-in-kafka-only', 'src/order/infrastructure/pg-orders.ts', '@platformatic/kafka'],
];

const adding = (file: string, imports: string): House => {
  const target = /^(?:src|test)\//.test(imports) && !(imports in HOUSE) ? { [imports]: ['src/kernel/result.ts'] } : {};
  return { ...HOUSE, ...target, [file]: [...(HOUSE[file] ?? []), imports] };
};

const namesOf = (found: readonly { rule: string }[]): string[] => [...new Set(found.map(({ rule }) => rule))];

describe('the import rules', () => {
  test('hold in the whole of src', async () => {
    expect(await violations(REPOSITORY)).toEqual([]);
  });

  test('refuse none of the allowed arrows', async () => {
    expect(await withHouse(HOUSE, PACKAGES, violations)).toEqual([]);
  });

  test.each(PLANTS)('%s: %s may not import %s', async (rule, file, imports) => {
    expect(namesOf(await withHouse(adding(file, imports), PACKAGES, violations))).toEqual([rule]);
  });

  test('no-orphans: a file that nobody imports and that imports nobody', async () => {
    const house = { ...HOUSE, 'src/kernel/forgotten.ts': [] };
    expect(namesOf(await withHouse(house, PACKAGES, violations))).toEqual(['no-orphans']);
  });

  test.each(['main', 'app.module', 'event-catalogue', 'order/application/process-payment.use-case'])(
    'speak of %s.ts, which exists',
    (name) => {
      // A rule for a file that was renamed refuses nothing.
      expect(existsSync(path.join(REPOSITORY, 'src', `${name}.ts`))).toBe(true);
    },
  );

  test('have a planted violation each', () => {
    expect([...new Set(['no-orphans', ...PLANTS.map(([rule]) => rule)])].toSorted()).toEqual(RULES.toSorted());
  });
});
