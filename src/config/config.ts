import { resolve } from 'node:path';
import { z } from 'zod';
import {
  type DataPlatformSettings,
  dataPlatformProblems,
  dataPlatformSettings,
  dataPlatformVariables,
  isKafkaAddress,
} from './data-platform-settings.js';
import { KAFKA_LOGIN, KAFKA_PAIRS, type KafkaSettings, kafkaSettings, kafkaVariables } from './kafka-settings.js';
import { type RedisSettings, redisSettings, redisVariables } from './redis-settings.js';
import { Serving } from './serving.js';
import { type Webhook, webhookProblems, webhookSettings, webhookVariables } from './webhook-settings.js';

/** Everything that a deployment can set, parsed once at start. Nothing else reads `process.env`. */
export interface Config extends RedisSettings {
  readonly database: { readonly kind: 'embedded' } | { readonly kind: 'url'; readonly url: string };
  /** Domains moved to a database of their own, keyed by the lowercase domain: `DATABASE_URL_USER` is `user`. */
  readonly domainDatabaseUrls: Readonly<Record<string, string>>;
  readonly poolConnectionsMax: number;
  /** Which part of the shop this process is. */
  readonly serving: Serving;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Absolute. */
  readonly dataDir: string;
  /** The first operator, or null: none is created. */
  readonly operator: { readonly email: string; readonly password: string } | null;
  /** Null: generate one into `dataDir` (`generatedSecret`). Never null with a database of your own. */
  readonly jwtSecret: string | null;
  /** ISO 4217; `exponent` is the number of digits of its minor unit (KRW 0, GBP 2). */
  readonly currency: { readonly code: string; readonly exponent: number };
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** How long an unpaid order holds its stock. */
  readonly holdMinutes: number;
  /** Requests per client and minute; 0: no limit. */
  readonly rateLimitPerMinute: number;
  /** Where alerts are posted to, besides the log; null: nowhere. */
  readonly alertWebhook: Webhook | null;
  /** Where receipts are posted to; null: nowhere. */
  readonly receiptWebhook: Webhook | null;
  /** Null: files in `dataDir`. */
  readonly dataPlatform: DataPlatformSettings | null;
  /** How long events are kept at least, also when every subscriber has read them. */
  readonly eventLogRetentionDays: number;
  /** Null: events stay in this process. */
  readonly kafka: KafkaSettings | null;
}

/** One line per wrong variable: its name, what is wrong, what to do. Values that may be secret are not repeated. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const JWT_SECRET_CHARACTERS_MIN = 32;
const ADMIN_PASSWORD_CHARACTERS_MIN = 8;
const POOL_CONNECTIONS_LIMIT = 1_000;
const HOLD_MINUTES_LIMIT = 7 * 24 * 60;
const EVENT_LOG_RETENTION_DAYS_LIMIT = 365;
const RATE_LIMIT_PER_MINUTE_LIMIT = 1_000_000_000;

const DOMAIN_DATABASE = /^DATABASE_URL_([A-Z][A-Z0-9_]*)$/;

const variables = z.object({
  DATABASE_URL: databaseUrl().optional(),
  DATABASE_POOL_MAX: wholeNumber(1, POOL_CONNECTIONS_LIMIT).default(16),
  DOMAINS: z
    .string()
    .refine((text) => Serving.parse(text) !== null, {
      error: (issue) =>
        `is malformed: ${JSON.stringify(issue.input)}. Name domains (order), single listeners (order.data-platform) or listeners to leave out (-order.data-platform), with commas between; or unset it to serve everything`,
    })
    .default(''),
  HOST: z
    .string()
    .regex(/^[A-Za-z0-9._:-]+$/, 'must be a host name or an IP address, without port or scheme. Unset it for 127.0.0.1')
    .default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535).default(3_000),
  DATA_DIR: z.string().default('./data'),
  ADMIN_EMAIL: z.email('must be an e-mail address. Set it to the first operator’s').optional(),
  ADMIN_PASSWORD: z
    .string()
    .min(ADMIN_PASSWORD_CHARACTERS_MIN, `is too short. Set at least ${ADMIN_PASSWORD_CHARACTERS_MIN} characters`)
    .optional(),
  JWT_SECRET: z
    .string()
    .min(
      JWT_SECRET_CHARACTERS_MIN,
      `is too short. Set at least ${JWT_SECRET_CHARACTERS_MIN} random characters, for example from: openssl rand -hex 32`,
    )
    .optional(),
  CURRENCY: z.string().refine(isCurrency, 'is no ISO 4217 currency code. Set a code like KRW, GBP or USD').default('KRW'),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}. Unset it for info`).default('info'),
  HOLD_MINUTES: wholeNumber(1, HOLD_MINUTES_LIMIT).default(10),
  RATE_LIMIT_PER_MINUTE: wholeNumber(0, RATE_LIMIT_PER_MINUTE_LIMIT).default(60_000),
  EVENT_LOG_RETENTION_DAYS: wholeNumber(1, EVENT_LOG_RETENTION_DAYS_LIMIT).default(7),
  ...kafkaVariables,
  ...redisVariables,
  ...webhookVariables,
  ...dataPlatformVariables,
});

/**
 * @param env usually `process.env`. An empty value counts as not set, as in a `.env` file with nothing behind the `=`.
 * @throws ConfigError naming every wrong variable at once.
 */
export function parseConfig(env: NodeJS.ProcessEnv): Config {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined && value.trim() !== '') given[name] = value.trim();

  const parsed = variables.safeParse(given);
  const domains = domainDatabases(given);
  const problems = [
    ...(parsed.error?.issues ?? []).map((issue) => `${String(issue.path[0])} ${issue.message}.`),
    ...domains.problems,
    ...combinationProblems(given),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems.join('\n'));

  const set = parsed.data;
  return {
    database: set.DATABASE_URL === undefined ? { kind: 'embedded' } : { kind: 'url', url: set.DATABASE_URL },
    domainDatabaseUrls: domains.urls,
    poolConnectionsMax: set.DATABASE_POOL_MAX,
    serving: Serving.parse(set.DOMAINS) as Serving,
    host: set.HOST,
    port: set.PORT,
    dataDir: resolve(set.DATA_DIR),
    operator: set.ADMIN_EMAIL && set.ADMIN_PASSWORD ? { email: set.ADMIN_EMAIL, password: set.ADMIN_PASSWORD } : null,
    jwtSecret: set.JWT_SECRET ?? null,
    currency: { code: set.CURRENCY, exponent: exponentOf(set.CURRENCY) },
    logLevel: set.LOG_LEVEL,
    holdMinutes: set.HOLD_MINUTES,
    rateLimitPerMinute: set.RATE_LIMIT_PER_MINUTE,
    eventLogRetentionDays: set.EVENT_LOG_RETENTION_DAYS,
    kafka: kafkaSettings(set),
    ...redisSettings(set),
    ...webhookSettings(set),
    dataPlatform: dataPlatformSettings(set),
  };
}

function domainDatabases(given: Record<string, string>): { urls: Record<string, string>; problems: string[] } {
  const urls: Record<string, string> = {};
  const problems: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    const domain = DOMAIN_DATABASE.exec(name)?.[1];
    if (domain === undefined) continue;
    const url = databaseUrl().safeParse(value);
    if (url.success) urls[domain.toLowerCase()] = url.data;
    else problems.push(`${name} ${url.error.issues[0]?.message}.`);
  }
  return { urls, problems };
}

function combinationProblems(given: Record<string, string>): string[] {
  const problems = [...webhookProblems(given), ...dataPlatformProblems(given)];
  if (given.DATABASE_URL !== undefined && given.JWT_SECRET === undefined) {
    problems.push(
      `JWT_SECRET is required with DATABASE_URL. Set at least ${JWT_SECRET_CHARACTERS_MIN} random characters, for example from: openssl rand -hex 32.`,
    );
  }
  const cluster = isKafkaAddress(given['DATA_PLATFORM_URL']) ? [] : KAFKA_LOGIN.map((each) => [each, 'KAFKA_BROKERS'] as const);
  const pairs = [['ADMIN_EMAIL', 'ADMIN_PASSWORD'], ['ADMIN_PASSWORD', 'ADMIN_EMAIL'], ...KAFKA_PAIRS, ...cluster] as const;
  for (const [one, other] of pairs) {
    if (given[one] !== undefined && given[other] === undefined) {
      problems.push(`${other} is missing. Set it together with ${one}, or unset both.`);
    }
  }
  return problems;
}

function wholeNumber(min: number, max: number) {
  return z
    .string()
    .refine((text) => /^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max, {
      error: (issue) =>
        `must be a whole number from ${min} to ${max}, not ${JSON.stringify(issue.input)}. Correct it, or unset it for the default`,
    })
    .transform(Number);
}

/** The message does not repeat the address: it may hold a password. */
function databaseUrl() {
  return z.url({
    protocol: /^postgres(ql)?$/,
    error:
      'must be a PostgreSQL address like postgres://user:password@host:5432/database. Correct it, or unset it for the embedded database',
  });
}

function isCurrency(code: string): boolean {
  return Intl.supportedValuesOf('currency').includes(code);
}

function exponentOf(currency: string): number {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 0;
}
