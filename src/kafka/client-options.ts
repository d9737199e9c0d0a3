import type { AdminOptions } from '@platformatic/kafka';
import type { KafkaSettings } from '../config/kafka-settings.js';
import { Unavailable } from '../kernel/faults.js';

/** What all clients have in common. One call of a client ends within these limits: requests have their own, longer repetition. */
export const CONNECT_MS_MAX = 2_000;
export const CALL_MS_MAX = 5_000;
const RETRIES_MAX = 3;
const RETRY_DELAY_MS = 100;

export const clientOptions = ({ brokers, tls, sasl }: KafkaSettings, clientId: string): AdminOptions => ({
  clientId,
  bootstrapBrokers: [...brokers],
  connectTimeout: CONNECT_MS_MAX,
  timeout: CALL_MS_MAX,
  retries: RETRIES_MAX,
  retryDelay: RETRY_DELAY_MS,
  ...(tls && { tls: {} }),
  ...(sasl && { sasl }),
});

/** Nothing is known to be wrong with what was asked of Kafka; it may be repeated. */
export function away({ brokers }: KafkaSettings, fault: unknown): Unavailable {
  const cause = innermost(fault);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Unavailable(`Kafka at ${brokers.join(', ')} is not available: ${reason}`, { cause });
}

/** The client wraps what happened in what it was doing, once per attempt: hundreds of lines that say the same. */
export function innermost(fault: unknown): unknown {
  if (fault instanceof AggregateError && fault.errors.length > 0) return innermost(fault.errors.at(-1));
  return fault instanceof Error && fault.cause !== undefined ? innermost(fault.cause) : fault;
}
