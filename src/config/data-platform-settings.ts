import { z } from 'zod';
import { BROKER, type KafkaLogin, kafkaLogin, type KafkaSettings } from './kafka-settings.js';
import { isWebhookAddress, SECRET_EXAMPLE, webhookSecret } from './webhook-settings.js';

/** Where paid orders are handed over to: requests that are signed, or a topic. */
export type DataPlatformSettings =
  | { readonly kind: 'http'; readonly url: string; readonly secret: string }
  | { readonly kind: 'kafka'; readonly kafka: KafkaSettings; readonly topic: string };

/** The event's own name. With `KAFKA_BROKERS` the event bus has it. */
const DEFAULT_TOPIC = 'order.processed';
const KAFKA_ADDRESS = /^kafka:\/\/(?<brokers>[^/?#@]+)(?:\/(?<topic>[A-Za-z0-9._-]{1,249})?)?$/;

export const dataPlatformVariables = {
  DATA_PLATFORM_URL: z
    .string()
    .refine(
      (text) => isWebhookAddress(text) || kafkaAddress(text) !== null,
      'must be an address that begins with https:// or http://, or like kafka://kafka-1:9092,kafka-2:9092/order.processed. Correct it, or unset it to have paid orders in files',
    )
    .optional(),
  DATA_PLATFORM_SECRET: webhookSecret().optional(),
};

const variables = z.object(dataPlatformVariables);
type Given = z.output<typeof variables> & KafkaLogin;

/** Null: files in `DATA_DIR`. The brokers ask for the same login as those of `KAFKA_BROKERS`. */
export function dataPlatformSettings(set: Given): DataPlatformSettings | null {
  const { DATA_PLATFORM_URL: url, DATA_PLATFORM_SECRET: secret } = set;
  if (url === undefined) return null;
  const address = kafkaAddress(url);
  if (address) return { kind: 'kafka', kafka: { brokers: address.brokers, topicPrefix: '', ...kafkaLogin(set) }, topic: address.topic };
  return secret === undefined ? null : { kind: 'http', url, secret };
}

type Texts = Readonly<Record<string, string>>;

export function dataPlatformProblems(given: Texts): string[] {
  const { DATA_PLATFORM_URL: url, DATA_PLATFORM_SECRET: secret } = given;
  const alone = 'DATA_PLATFORM_SECRET signs nothing without DATA_PLATFORM_URL. Set both, or unset it.';
  if (url === undefined) return secret === undefined ? [] : [alone];
  const address = kafkaAddress(url);
  if (address) {
    const unused = secret === undefined ? [] : ['DATA_PLATFORM_SECRET signs nothing in Kafka. Unset it.'];
    return [...unused, ...ownTopic(address, given)];
  }
  // Paid orders are not sent to anybody who cannot know that they come from here.
  const unsigned = isWebhookAddress(url) && secret === undefined;
  return unsigned ? [`DATA_PLATFORM_SECRET is required with DATA_PLATFORM_URL. Make one with: ${SECRET_EXAMPLE}.`] : [];
}

/** Two names may be the same cluster, where copies among the shop's own events would be taken for damaged ones. */
function ownTopic({ topic }: { readonly topic: string }, { KAFKA_BROKERS: brokers, KAFKA_TOPIC_PREFIX: prefix = '' }: Texts): string[] {
  if (brokers === undefined || topic !== prefix + DEFAULT_TOPIC) return [];
  return [
    `DATA_PLATFORM_URL names the topic ${topic}, in which the shop itself publishes paid orders with KAFKA_BROKERS. Read them there and unset it, or name another topic.`,
  ];
}

export const isKafkaAddress = (url: string | undefined): boolean => url !== undefined && kafkaAddress(url) !== null;

function kafkaAddress(url: string): { readonly brokers: readonly string[]; readonly topic: string } | null {
  const { brokers = '', topic = DEFAULT_TOPIC } = KAFKA_ADDRESS.exec(url)?.groups ?? {};
  const each = brokers.split(',').map((broker) => broker.trim());
  return each.every((broker) => BROKER.test(broker)) ? { brokers: each, topic } : null;
}
