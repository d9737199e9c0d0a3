import { z } from 'zod';

/** How to reach Kafka. */
export interface KafkaSettings {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[];
  /** Stands before every topic and group, so that several shops can share a cluster. */
  readonly topicPrefix: string;
  readonly tls: boolean;
  /** Null: the brokers ask nobody who they are. */
  readonly sasl: { readonly mechanism: (typeof SASL_MECHANISMS)[number]; readonly username: string; readonly password: string } | null;
}

const SASL_MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
export const BROKER = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\]):\d{1,5}$/;
const PREFIX_CHARACTERS_MAX = 100;

export const kafkaVariables = {
  KAFKA_BROKERS: z
    .string()
    .transform((text) => text.split(',').map((broker) => broker.trim()))
    .refine(
      (brokers) => brokers.every((broker) => BROKER.test(broker)),
      'must be a list like kafka-1:9092,kafka-2:9092. Correct it, or unset it to have no Kafka',
    )
    .optional(),
  KAFKA_TOPIC_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9._-]+$/, 'may have letters, digits, dots, hyphens and underscores. Correct it, or unset it for none')
    .max(PREFIX_CHARACTERS_MAX, `is too long. Set at most ${PREFIX_CHARACTERS_MAX} characters`)
    .default(''),
  KAFKA_SSL: z
    .enum(['true', 'false'], 'must be true or false. Unset it for false')
    .default('false')
    .transform((text) => text === 'true'),
  KAFKA_SASL_MECHANISM: z.enum(SASL_MECHANISMS, `must be one of ${SASL_MECHANISMS.join(', ')}. Unset it for PLAIN`).default('PLAIN'),
  KAFKA_SASL_USERNAME: z.string().optional(),
  KAFKA_SASL_PASSWORD: z.string().optional(),
};

/** What is needed together. */
export const KAFKA_PAIRS = [
  ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'],
  ['KAFKA_SASL_PASSWORD', 'KAFKA_SASL_USERNAME'],
  ['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME'],
  ['KAFKA_TOPIC_PREFIX', 'KAFKA_BROKERS'],
] as const;

/** What tells how to get into a cluster, and so needs one: `KAFKA_BROKERS`, or the data platform's. */
export const KAFKA_LOGIN = ['KAFKA_SASL_USERNAME', 'KAFKA_SSL'] as const;

const variables = z.object(kafkaVariables);
type Given = z.output<typeof variables>;
export type KafkaLogin = Pick<Given, 'KAFKA_SSL' | 'KAFKA_SASL_MECHANISM' | 'KAFKA_SASL_USERNAME' | 'KAFKA_SASL_PASSWORD'>;

/** Null without `KAFKA_BROKERS`: the domains of this process talk in process. */
export function kafkaSettings(set: Given): KafkaSettings | null {
  if (set.KAFKA_BROKERS === undefined) return null;
  return { brokers: set.KAFKA_BROKERS, topicPrefix: set.KAFKA_TOPIC_PREFIX, ...kafkaLogin(set) };
}

export const kafkaLogin = ({
  KAFKA_SSL: tls,
  KAFKA_SASL_MECHANISM: mechanism,
  KAFKA_SASL_USERNAME: username,
  KAFKA_SASL_PASSWORD: password,
}: KafkaLogin): Pick<KafkaSettings, 'tls' | 'sasl'> => ({
  tls,
  sasl: username !== undefined && password !== undefined ? { mechanism, username, password } : null,
});
