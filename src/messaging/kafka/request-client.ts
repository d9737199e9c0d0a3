import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../kernel/clock.js';
import { Overloaded, Unavailable } from '../../kernel/faults.js';
import type { ShopEvent } from '../event.js';
import { type Answer, answerOf, requestMessageOf } from './answers.js';
import type { KafkaSettings } from '../../config/kafka-settings.js';
import { PartitionReader } from './partition-reader.js';
import type { Sender } from './sender.js';
import type { Topics } from './topics.js';

/** Lost on the way, or its listener has died: a repetition gets the recorded answer. */
const REPEAT_AFTER_MS = 1_500;
const SENDS_MAX = 3;
/** Long after the last asker has given up, so that clocks that disagree by less lose no request. */
const REQUEST_AGE_MS_MAX = 30_000;
const QUESTIONS_WAITING_MAX = 4_000;
export const REPLY_PARTITIONS = 16;

export interface Answered {
  readonly answer: Answer;
  readonly at: Date;
}

interface Question {
  readonly awaited: Set<string>;
  readonly answered: Map<string, Answered>;
  readonly complete: PromiseWithResolvers<void>;
}

export interface RequestClientOptions {
  readonly settings: KafkaSettings;
  readonly topics: Topics;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly onFault: (fault: unknown) => void;
  /** For tests. */
  readonly repeatAfterMs?: number;
}

/**
 * Asks listeners in other processes, and waits for their answers.
 *
 * X1: an event is asked for under one id, however often it is sent, so a listener that has answered it does nothing twice (J2).
 * X2: a question ends in time: with all answers, or `Unavailable`, and then nobody knows what was done.
 * X3: an answer counts once, and only for the asking that it belongs to.
 */
export class RequestClient {
  private readonly questions = new Map<string, Question>();
  /** Processes may share one: each looks for the answers to its own questions. */
  private readonly replyPartition = randomInt(REPLY_PARTITIONS);
  private readonly replies: PartitionReader;

  constructor(private readonly options: RequestClientOptions) {
    this.replies = new PartitionReader({
      settings: options.settings,
      topic: options.topics.replies,
      partition: this.replyPartition,
      receive: (message) => {
        const { correlationId, answer } = answerOf(message);
        this.take(correlationId, answer);
      },
      onFault: options.onFault,
    });
  }

  start(): void {
    this.replies.start();
  }

  async stop(): Promise<void> {
    await this.replies.stop();
  }

  /**
   * @returns an answer per subscriber, in their order.
   * @throws Unavailable when one of them has not answered in time. Overloaded when too many wait already.
   */
  async ask(event: ShopEvent, subscribers: readonly string[]): Promise<readonly Answered[]> {
    if (subscribers.length === 0) return [];
    if (this.questions.size >= QUESTIONS_WAITING_MAX) throw new Overloaded('kafka requests');
    const question: Question = { awaited: new Set(subscribers), answered: new Map(), complete: Promise.withResolvers() };
    const correlationId = randomUUID();
    this.questions.set(correlationId, question);
    const ending = new AbortController();
    const late = sleep(this.repeatAfterMs * SENDS_MAX, undefined, { signal: ending.signal }).then(() => this.giveUp(event, question));
    const asking = this.sendUntilComplete(event, correlationId, question, ending.signal);
    try {
      await Promise.race([question.complete.promise, asking, late]);
      return subscribers.map((subscriber) => question.answered.get(subscriber) as Answered);
    } finally {
      ending.abort();
      this.questions.delete(correlationId);
    }
  }

  private async sendUntilComplete(event: ShopEvent, correlationId: string, question: Question, ending: AbortSignal): Promise<void> {
    const { topics, sender, clock } = this.options;
    await this.replies.ready();
    const expiresAtMs = clock.now().getTime() + REQUEST_AGE_MS_MAX;
    while (!ending.aborted) {
      const request = { event, correlationId, replyPartition: this.replyPartition, awaited: [...question.awaited], expiresAtMs };
      await sender.send(requestMessageOf(topics.ofType(event.type), request));
      await sleep(this.repeatAfterMs, undefined, { signal: ending }).catch(() => {});
    }
  }

  private take(correlationId: string, answer: Answer): void {
    const question = this.questions.get(correlationId);
    if (!question?.awaited.delete(answer.subscriber)) return;
    question.answered.set(answer.subscriber, { answer, at: this.options.clock.now() });
    if (question.awaited.size === 0) question.complete.resolve();
  }

  private giveUp(event: ShopEvent, { awaited }: Question): never {
    throw new Unavailable(`${[...awaited].join(', ')} did not answer ${event.type} within ${this.repeatAfterMs * SENDS_MAX} ms`);
  }

  private get repeatAfterMs(): number {
    return this.options.repeatAfterMs ?? REPEAT_AFTER_MS;
  }
}
