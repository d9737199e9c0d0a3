import { randomUUID } from 'node:crypto';
import type { Clock } from '../../kernel/clock.js';
import { Overloaded, Unavailable } from '../../kernel/faults.js';
import type { ShopEvent } from '../event.js';
import { WakeUp } from '../wake-up.js';
import { type Answer, answerOf, requestMessageOf } from './answers.js';
import type { IncomingMessage } from './messages.js';
import type { Sender } from './sender.js';
import type { Topics } from './topics.js';

/** Lost on the way, or its listener has died: a repetition gets the recorded answer. */
const REPEAT_AFTER_MS = 1_500;
const SENDS_MAX = 3;
/** Long after the last asker has given up, so that clocks that disagree by less lose no request. */
const REQUEST_AGE_MS_MAX = 30_000;
const QUESTIONS_WAITING_MAX = 4_000;

export interface Answered {
  readonly answer: Answer;
  readonly at: Date;
}

interface Question {
  readonly awaited: Set<string>;
  readonly answered: Map<string, Answered>;
  readonly complete: PromiseWithResolvers<void>;
  /** Hinted when nobody waits any more. */
  readonly over: WakeUp;
}

/** Reads one partition of the answers. */
export interface Replies {
  start(): void;
  /** Whatever is sent after this will be read. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

export interface RequestClientOptions {
  readonly topics: Pick<Topics, 'ofType'>;
  readonly replyPartition: number;
  /** A reader of that partition. */
  readonly repliesTo: (receive: (message: IncomingMessage) => void) => Replies;
  readonly sender: Sender;
  readonly clock: Clock;
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
  private readonly replies: Replies;

  constructor(private readonly options: RequestClientOptions) {
    this.replies = options.repliesTo((message) => {
      const { correlationId, answer } = answerOf(message);
      this.take(correlationId, answer);
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
    const question: Question = {
      awaited: new Set(subscribers),
      answered: new Map(),
      complete: Promise.withResolvers(),
      over: new WakeUp(),
    };
    const correlationId = randomUUID();
    this.questions.set(correlationId, question);
    const late = setTimeout(() => question.complete.reject(this.unanswered(event, question)), this.repeatAfterMs * SENDS_MAX);
    try {
      await Promise.race([question.complete.promise, this.sendUntilOver(event, correlationId, question)]);
      return subscribers.map((subscriber) => question.answered.get(subscriber) as Answered);
    } finally {
      clearTimeout(late);
      this.questions.delete(correlationId);
      question.over.hint();
    }
  }

  private async sendUntilOver(event: ShopEvent, correlationId: string, question: Question): Promise<void> {
    const { topics, replyPartition, sender, clock } = this.options;
    await this.replies.ready();
    const expiresAtMs = clock.now().getTime() + REQUEST_AGE_MS_MAX;
    while (this.questions.has(correlationId)) {
      const request = { event, correlationId, replyPartition, awaited: [...question.awaited], expiresAtMs };
      await sender.send(requestMessageOf(topics.ofType(event.type), request));
      await question.over.wait(this.repeatAfterMs);
    }
  }

  private take(correlationId: string, answer: Answer): void {
    const question = this.questions.get(correlationId);
    if (!question?.awaited.delete(answer.subscriber)) return;
    question.answered.set(answer.subscriber, { answer, at: this.options.clock.now() });
    if (question.awaited.size === 0) question.complete.resolve();
  }

  private unanswered(event: ShopEvent, { awaited }: Question): Unavailable {
    return new Unavailable(`${[...awaited].join(', ')} did not answer ${event.type} within ${this.repeatAfterMs * SENDS_MAX} ms`);
  }

  private get repeatAfterMs(): number {
    return this.options.repeatAfterMs ?? REPEAT_AFTER_MS;
  }
}
