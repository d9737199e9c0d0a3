import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError, parseConfig } from './config.js';
import { Serving } from './serving.js';

const OWN_DATABASE = { DATABASE_URL: 'postgres://shop:pw@db.example/shop', JWT_SECRET: 'x'.repeat(32) };
const WEBHOOK_SECRET = `whsec_${'A'.repeat(32)}`;

function problemsOf(env: NodeJS.ProcessEnv): string[] {
  try {
    parseConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
}

describe('an empty environment', () => {
  test('gives the defaults of the documentation', () => {
    expect(parseConfig({})).toEqual({
      database: { kind: 'embedded' },
      domainDatabaseUrls: {},
      poolConnectionsMax: 16,
      serving: Serving.parse(''),
      host: '127.0.0.1',
      port: 3000,
      dataDir: resolve('data'),
      operator: null,
      jwtSecret: null,
      currency: { code: 'KRW', exponent: 0 },
      logLevel: 'info',
      holdMinutes: 10,
      rateLimitPerMinute: 60_000,
      alertWebhook: null,
      receiptWebhook: null,
      eventLogRetentionDays: 7,
      kafka: null,
      redisUrl: null,
      redisKeyPrefix: '',
      couponGateWithoutRedis: 'database',
      dataPlatform: null,
    });
  });

  test('is what variables set to nothing amount to', () => {
    expect(parseConfig({ PORT: '', DATABASE_URL: ' ', KAFKA_BROKERS: '', DATABASE_URL_USER: '' })).toEqual(parseConfig({}));
  });
});

describe('values', () => {
  test('are taken over, trimmed', () => {
    const config = parseConfig({
      ...OWN_DATABASE,
      DATABASE_URL_USER: 'postgresql://user.example/user',
      DATABASE_POOL_MAX: '4',
      DOMAINS: 'order, -order.data-platform',
      HOST: '::1',
      PORT: ' 0 ',
      DATA_DIR: '/srv/shop',
      ADMIN_EMAIL: 'boss@example.com',
      ADMIN_PASSWORD: 'long enough',
      CURRENCY: 'GBP',
      LOG_LEVEL: 'debug',
      HOLD_MINUTES: '15',
      RATE_LIMIT_PER_MINUTE: '0',
      ALERT_WEBHOOK_URL: 'https://hooks.example/shop',
      EVENT_LOG_RETENTION_DAYS: '30',
      ALERT_WEBHOOK_SECRET: WEBHOOK_SECRET,
      RECEIPT_WEBHOOK_URL: 'http://localhost:9000',
      KAFKA_BROKERS: 'kafka-1:9092, kafka-2:9092',
      KAFKA_TOPIC_PREFIX: 'shop.',
      KAFKA_SSL: 'true',
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_SASL_USERNAME: 'shop',
      KAFKA_SASL_PASSWORD: 'secret',
      REDIS_URL: 'rediss://shop:pw@redis.example:6380/1',
      REDIS_KEY_PREFIX: 'shop:',
      COUPON_GATE_WITHOUT_REDIS: 'refuse',
      DATA_PLATFORM_URL: 'https://data.example/paid-orders',
      DATA_PLATFORM_SECRET: WEBHOOK_SECRET,
    });
    expect(config).toEqual({
      database: { kind: 'url', url: OWN_DATABASE.DATABASE_URL },
      domainDatabaseUrls: { user: 'postgresql://user.example/user' },
      poolConnectionsMax: 4,
      serving: Serving.parse('order,-order.data-platform'),
      host: '::1',
      port: 0,
      dataDir: '/srv/shop',
      operator: { email: 'boss@example.com', password: 'long enough' },
      jwtSecret: OWN_DATABASE.JWT_SECRET,
      currency: { code: 'GBP', exponent: 2 },
      logLevel: 'debug',
      holdMinutes: 15,
      rateLimitPerMinute: 0,
      alertWebhook: { url: 'https://hooks.example/shop', secret: WEBHOOK_SECRET },
      receiptWebhook: { url: 'http://localhost:9000', secret: null },
      eventLogRetentionDays: 30,
      kafka: {
        brokers: ['kafka-1:9092', 'kafka-2:9092'],
        topicPrefix: 'shop.',
        tls: true,
        sasl: { mechanism: 'SCRAM-SHA-512', username: 'shop', password: 'secret' },
      },
      redisUrl: 'rediss://shop:pw@redis.example:6380/1',
      redisKeyPrefix: 'shop:',
      couponGateWithoutRedis: 'refuse',
      dataPlatform: { kind: 'http', url: 'https://data.example/paid-orders', secret: WEBHOOK_SECRET },
    });
  });

  test.each([
    ['JPY', 0],
    ['USD', 2],
    ['KWD', 3],
  ])('of CURRENCY %s have %i digits in their minor unit', (code, exponent) => {
    expect(parseConfig({ CURRENCY: code }).currency).toEqual({ code, exponent });
  });
});

describe('a wrong value is one line that names the variable', () => {
  test.each([
    ['PORT', 'abc'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '3000.5'],
    ['PORT', '1e3'],
    ['HOST', 'http://localhost'],
    ['DATABASE_POOL_MAX', '0'],
    ['DATABASE_URL_USER', 'mysql://localhost/user'],
    ['ADMIN_EMAIL', 'boss'],
    ['JWT_SECRET', 'short'],
    ['CURRENCY', 'krw'],
    ['CURRENCY', 'XXXX'],
    ['LOG_LEVEL', 'loud'],
    ['HOLD_MINUTES', '0'],
    ['HOLD_MINUTES', 'ten'],
    ['RATE_LIMIT_PER_MINUTE', '-5'],
    ['ALERT_WEBHOOK_URL', 'ftp://hooks.example'],
    ['EVENT_LOG_RETENTION_DAYS', '0'],
    ['RECEIPT_WEBHOOK_URL', 'hooks.example'],
    ['KAFKA_BROKERS', 'kafka://kafka-1'],
    ['KAFKA_BROKERS', 'kafka-1:9092,'],
    ['REDIS_URL', 'localhost:6379'],
    ['REDIS_KEY_PREFIX', 'a shop'],
    ['COUPON_GATE_WITHOUT_REDIS', 'wait'],
    ['DATA_PLATFORM_URL', 'data.example'],
    ['DATA_PLATFORM_URL', 'kafka://kafka-1'],
    ['DATA_PLATFORM_URL', 'kafka://shop:secret@kafka-1:9092/orders'],
    ['DATA_PLATFORM_URL', 'kafka://kafka-1:9092/a/b'],
    ['DATA_PLATFORM_SECRET', WEBHOOK_SECRET],
  ])('%s=%s', (name, value) => {
    const problems = problemsOf({ ADMIN_PASSWORD: name === 'ADMIN_EMAIL' ? 'long enough' : undefined, [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name} .+\\. .+\\.$`));
  });

  test('and all wrong variables are told at once', () => {
    expect(problemsOf({ PORT: 'x', CURRENCY: 'x', LOG_LEVEL: 'x' }).map((line) => line.split(' ')[0])).toEqual([
      'PORT',
      'CURRENCY',
      'LOG_LEVEL',
    ]);
  });

  test.each([
    ['DATABASE_URL', 'mysql://shop:hunter22@db/shop'],
    ['ADMIN_PASSWORD', 'hunter2'],
    ['JWT_SECRET', 'hunter2'],
    ['ALERT_WEBHOOK_URL', 'hooks.example/hunter2'],
    ['ALERT_WEBHOOK_SECRET', 'whsec_hunter2'],
    ['REDIS_URL', 'http://:hunter2@redis'],
    ['DATA_PLATFORM_URL', 'data.example/hunter2'],
    ['DATA_PLATFORM_SECRET', 'whsec_hunter2'],
  ])('%s is not repeated, because it may hold a secret', (name, value) => {
    expect(problemsOf({ [name]: value }).join('\n')).not.toContain('hunter2');
  });
});

describe('combinations', () => {
  test('an address of the data platform needs a secret to sign with, and the other way round', () => {
    const onlyAddress = problemsOf({ DATA_PLATFORM_URL: 'https://data.example' });
    expect(onlyAddress).toEqual([expect.stringMatching(/^DATA_PLATFORM_SECRET is required with DATA_PLATFORM_URL\. /)]);
    const onlySecret = problemsOf({ DATA_PLATFORM_SECRET: WEBHOOK_SECRET });
    expect(onlySecret).toEqual([expect.stringMatching(/^DATA_PLATFORM_SECRET signs nothing without DATA_PLATFORM_URL\. /)]);
  });

  test('a database of your own needs a JWT_SECRET', () => {
    expect(problemsOf({ DATABASE_URL: OWN_DATABASE.DATABASE_URL })).toEqual([
      expect.stringMatching(/^JWT_SECRET is required with DATABASE_URL\. /),
    ]);
  });

  test('the operator needs both an e-mail address and a password', () => {
    expect(problemsOf({ ADMIN_EMAIL: 'boss@example.com' })).toEqual([expect.stringMatching(/^ADMIN_PASSWORD is missing\. /)]);
    expect(problemsOf({ ADMIN_PASSWORD: 'long enough' })).toEqual([expect.stringMatching(/^ADMIN_EMAIL is missing\. /)]);
  });

  test.each(['ALERT_WEBHOOK', 'RECEIPT_WEBHOOK', 'DATA_PLATFORM'])('a secret of %s needs an address', (what) => {
    expect(problemsOf({ [`${what}_SECRET`]: WEBHOOK_SECRET })).toEqual([
      `${what}_SECRET signs nothing without ${what}_URL. Set both, or unset it.`,
    ]);
  });

  test.each([
    ['another prefix', WEBHOOK_SECRET.replace('whsec', 'secret')],
    ['no base64', `${WEBHOOK_SECRET}!`],
    ['too few bytes', `whsec_${'A'.repeat(28)}`],
    ['too many bytes', `whsec_${'A'.repeat(88)}`],
  ])('a secret with %s is refused', (_, secret) => {
    expect(problemsOf({ ALERT_WEBHOOK_URL: 'https://hooks.example', ALERT_WEBHOOK_SECRET: secret })).toEqual([
      expect.stringMatching(/^ALERT_WEBHOOK_SECRET must be whsec_ and the base64 of 24 to 64 bytes, .+\.$/),
    ]);
  });

  test.each([
    ['KAFKA_SASL_PASSWORD', { KAFKA_BROKERS: 'kafka:9092', KAFKA_SASL_USERNAME: 'shop' }],
    ['KAFKA_SASL_USERNAME', { KAFKA_BROKERS: 'kafka:9092', KAFKA_SASL_PASSWORD: 'secret' }],
    ['KAFKA_SASL_USERNAME', { KAFKA_BROKERS: 'kafka:9092', KAFKA_SASL_MECHANISM: 'PLAIN' }],
    ['KAFKA_BROKERS', { KAFKA_SSL: 'true' }],
    ['KAFKA_BROKERS', { KAFKA_TOPIC_PREFIX: 'shop.' }],
  ])('%s is missing beside %j', (missing, env) => {
    expect(problemsOf(env)).toEqual([expect.stringMatching(`^${missing} is missing\\. `)]);
  });
});

describe('a data platform on Kafka', () => {
  const URL = 'kafka://kafka-1:9092,kafka-2:9092/paid-orders';

  test('is a list of brokers and a topic, with the login of the Kafka settings', () => {
    const login = { KAFKA_SSL: 'true', KAFKA_SASL_USERNAME: 'shop', KAFKA_SASL_PASSWORD: 'secret' };
    const { dataPlatform, kafka } = parseConfig({ DATA_PLATFORM_URL: URL, ...login });
    const sasl = { mechanism: 'PLAIN', username: 'shop', password: 'secret' };
    const brokers = ['kafka-1:9092', 'kafka-2:9092'];
    expect(dataPlatform).toEqual({ kind: 'kafka', kafka: { brokers, topicPrefix: '', tls: true, sasl }, topic: 'paid-orders' });
    expect(kafka).toBeNull();
  });

  test('has a topic that is named like the event, unless told', () => {
    expect(parseConfig({ DATA_PLATFORM_URL: 'kafka://kafka-1:9092' }).dataPlatform).toMatchObject({ topic: 'order.processed' });
    expect(parseConfig({ DATA_PLATFORM_URL: 'kafka://kafka-1:9092/' }).dataPlatform).toMatchObject({ topic: 'order.processed' });
  });

  test('needs no secret, and gets none', () => {
    expect(problemsOf({ DATA_PLATFORM_URL: URL, DATA_PLATFORM_SECRET: WEBHOOK_SECRET })).toEqual([
      'DATA_PLATFORM_SECRET signs nothing in Kafka. Unset it.',
    ]);
  });

  test.each([
    ['kafka://kafka-1:9092', undefined],
    ['kafka://kafka-1:9092/shop.order.processed', 'shop.'],
  ])('at %s may not be the topic of the shop’s own events', (url, prefix) => {
    expect(problemsOf({ DATA_PLATFORM_URL: url, KAFKA_BROKERS: 'kafka-1:9092', KAFKA_TOPIC_PREFIX: prefix })).toEqual([
      expect.stringMatching(/^DATA_PLATFORM_URL names the topic \S*order\.processed, .+, or name another topic\.$/),
    ]);
  });
});
