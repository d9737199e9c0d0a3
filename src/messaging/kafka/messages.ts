import { cloudEventMessage } from '../../kafka/cloud-event-message.js';
import type { OutgoingMessage } from '../../kafka/kafka-producer.js';
import type { ShopEvent } from '../event.js';
import { type LoggedEvent, shardOf } from '../event-log.js';

export type Headers = ReadonlyMap<string, string>;

/** What readers get of a message: texts, as far as they were there. */
export interface IncomingMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly headers: Headers;
  readonly value: string | undefined;
}

/** A message that is none of ours, or of a version that we do not know. */
export class UnreadableMessage extends Error {
  override readonly name = 'UnreadableMessage';
}

/** An event in CloudEvents' binary mode. Its partition is the subject's shard: so a partition keeps the order of each subject's events, as the log does. */
export function messageOf(topic: string, event: ShopEvent, more: Readonly<Record<string, string>> = {}): OutgoingMessage {
  const message = cloudEventMessage(topic, event);
  return { ...message, partition: shardOf(event.subject), headers: { ...message.headers, ...more } };
}

/** The same for an event of the log: with its place there, and with the first position that its log still keeps. */
export const loggedMessageOf = (topic: string, event: LoggedEvent, floor: number): OutgoingMessage =>
  messageOf(topic, event, { shard: String(event.shard), position: String(event.position), floor: String(floor) });

/** @throws UnreadableMessage */
export function eventOf(message: IncomingMessage): ShopEvent {
  const header = headerOf(message);
  return {
    id: header('ce_id'),
    type: header('ce_type'),
    source: header('ce_source'),
    subject: header('ce_subject'),
    time: header('ce_time'),
    dataschema: header('ce_dataschema'),
    data: dataOf(message),
  };
}

export interface ReceivedEvent {
  readonly event: LoggedEvent;
  /** The first position of its shard that the publisher's log still kept when this was sent. */
  readonly floor: number;
}

/** @throws UnreadableMessage */
export function receivedEventOf(message: IncomingMessage): ReceivedEvent {
  const number = numberOf(message);
  return { event: { ...eventOf(message), shard: number('shard'), position: number('position') }, floor: number('floor') };
}

/** @throws UnreadableMessage */
export function dataOf({ topic, partition, offset, value }: IncomingMessage): unknown {
  try {
    return JSON.parse(value ?? '');
  } catch (cause) {
    throw new UnreadableMessage(`message ${offset} of ${topic}/${partition} is not JSON`, { cause });
  }
}

/** Reads the headers of a message that must have them. */
export const headerOf =
  ({ topic, partition, offset, headers }: IncomingMessage) =>
  (name: string): string => {
    const value = headers.get(name);
    if (value === undefined) throw new UnreadableMessage(`message ${offset} of ${topic}/${partition} has no header ${name}`);
    return value;
  };

const numberOf = (message: IncomingMessage) => {
  const header = headerOf(message);
  return (name: string): number => {
    const value = Number(header(name));
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new UnreadableMessage(`the header ${name} of message ${message.offset} of ${message.topic}/${message.partition} is no number`);
    }
    return value;
  };
};
