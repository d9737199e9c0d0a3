import { z } from 'zod';
import type { Gap } from './received-events.js';
import type { OutgoingMessage } from '../../kafka/kafka-producer.js';
import { dataOf, type IncomingMessage, UnreadableMessage } from './messages.js';

const Asked = z.object({
  subscriber: z.string(),
  source: z.string(),
  type: z.string(),
  shard: z.int().nonnegative(),
  from: z.int().positive(),
});

/** The question of a subscriber that misses a part of a log, as it travels to the publisher. */
export const rewindMessageOf = (topic: string, { subscriber, source, type, shard, from }: Gap): OutgoingMessage => ({
  topic,
  key: source,
  value: JSON.stringify({ subscriber, source, type, shard, from }),
});

/** @throws UnreadableMessage */
export function gapOf(message: IncomingMessage): Gap {
  const asked = Asked.safeParse(dataOf(message));
  if (!asked.success) throw new UnreadableMessage(`message ${message.offset} of ${message.topic} is no rewind`, { cause: asked.error });
  return asked.data;
}
