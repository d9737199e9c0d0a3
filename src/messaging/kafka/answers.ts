import { Overloaded, Unavailable } from '../../kernel/faults.js';
import type { Refusal } from '../../kernel/result.js';
import type { ShopEvent } from '../event.js';
import { type Outcome, domainOf, done, refused } from '../listener.js';
import type { OutgoingMessage } from '../../kafka/kafka-producer.js';
import { dataOf, eventOf, headerOf, type IncomingMessage, messageOf, UnreadableMessage } from './messages.js';

/** A request event with what its listeners must know to answer it. */
export interface Request {
  readonly event: ShopEvent;
  /** One asking of the event: the same event may be asked for twice at a time. */
  readonly correlationId: string;
  /** Which partition of the answers' topic the asker reads. */
  readonly replyPartition: number;
  /** Subscribers who are to answer. A repetition names only those who have not. */
  readonly awaited: readonly string[];
  /** Then nobody waits any more, by the asker's clock in milliseconds. */
  readonly expiresAtMs: number;
}

/** What a subscriber has to say: an outcome, that the event does not concern it, or what broke. */
export type Answer = { readonly subscriber: string } & (
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  | { readonly kind: 'unconcerned' }
  | { readonly kind: 'fault'; readonly fault: Error }
);

/** A listener in another process threw. */
export class ListenerFault extends Error {
  override readonly name = 'ListenerFault';

  constructor(
    readonly subscriber: string,
    message: string,
  ) {
    super(message);
  }
}

export const requestMessageOf = (topic: string, request: Request): OutgoingMessage =>
  messageOf(topic, request.event, {
    correlationid: request.correlationId,
    replypartition: String(request.replyPartition),
    awaited: request.awaited.join(),
    expires: String(request.expiresAtMs),
  });

/** @throws UnreadableMessage */
export function requestOf(message: IncomingMessage): Request {
  const header = headerOf(message);
  return {
    event: eventOf(message),
    correlationId: header('correlationid'),
    replyPartition: Number(header('replypartition')),
    awaited: header('awaited').split(','),
    expiresAtMs: Number(header('expires')),
  };
}

/**
 * What the answers of one listener are called: `order.payment`, or `order.processing.stock` where several listeners
 * answer one event: the last word of the subscriber's name tells them apart.
 */
export const answerNameOf = (type: string, subscriber: string, subscribers: readonly string[]): string =>
  subscribers.length > 1 ? `${type}.${subscriber.split(/[.-]/).at(-1)}` : type;

/** An answer is a CloudEvent, too: `order.processing.stock.success` with the answer as its data, or `order.processing.fail` with the refusal. */
export function answerMessageOf(topic: string, request: Request, answer: Answer, name: string, now: Date): OutgoingMessage {
  const { event, correlationId, replyPartition } = request;
  const { subscriber } = answer;
  const { type, data } = contentOf(event.type, answer, name);
  const about = { id: `${event.id}:${subscriber}`, source: domainOf(subscriber), subject: event.subject, time: now.toISOString() };
  const headers = { correlationid: correlationId, subscriber, answer: answer.kind === 'outcome' ? answer.outcome.kind : answer.kind };
  return { ...messageOf(topic, { ...about, type, dataschema: `${type}/v1`, data }, headers), partition: replyPartition };
}

function contentOf(type: string, answer: Answer, name: string): { readonly type: string; readonly data: unknown } {
  switch (answer.kind) {
    case 'unconcerned':
      return { type: `${name}.success`, data: {} };
    case 'fault':
      return { type: `${name}.fault`, data: faultDataOf(answer.fault) };
    case 'outcome':
      return answer.outcome.kind === 'done'
        ? { type: `${name}.success`, data: answer.outcome.answer }
        : { type: `${type}.fail`, data: answer.outcome.refusal };
  }
}

/** @throws UnreadableMessage */
export function answerOf(message: IncomingMessage): { readonly correlationId: string; readonly answer: Answer } {
  const header = headerOf(message);
  return { correlationId: header('correlationid'), answer: answerFrom(header('subscriber'), header('answer'), dataOf(message)) };
}

function answerFrom(subscriber: string, kind: string, data: unknown): Answer {
  switch (kind) {
    case 'done':
      return { subscriber, kind: 'outcome', outcome: done(data) };
    case 'refused':
      return { subscriber, kind: 'outcome', outcome: refused(data as Refusal) };
    case 'unconcerned':
      return { subscriber, kind };
    case 'fault':
      return { subscriber, kind, fault: faultOf(data as FaultData, subscriber) };
    default:
      throw new UnreadableMessage(`an answer cannot be ${kind}`);
  }
}

interface FaultData {
  readonly name: string;
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

const faultDataOf = (fault: Error): FaultData => ({
  name: fault.name,
  message: fault.message,
  ...(fault instanceof Overloaded && { retryAfterSeconds: fault.retryAfterSeconds }),
});

/** What the asker throws: the faults that callers tell apart are the same on both sides. */
function faultOf({ name, message, retryAfterSeconds }: FaultData, subscriber: string): Error {
  if (name === 'Unavailable') return new Unavailable(message);
  if (name === 'Overloaded') return new Overloaded(subscriber, retryAfterSeconds);
  return new ListenerFault(subscriber, message);
}
