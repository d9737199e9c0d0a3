import type { Clock } from '../../kernel/clock.js';
import type { UnitOfWork } from '../../kernel/transaction.js';
import { type RequestListener, workOfRequest } from '../bound-subscription.js';
import type { ShopEvent } from '../event.js';
import type { Outcome } from '../listener.js';
import { MicroBatcher } from '../micro-batcher.js';
import { type Answer, answerMessageOf, type Request, requestOf } from './answers.js';
import type { IncomingMessage } from './messages.js';
import type { Sender } from './sender.js';

export interface RequestEndpointOptions {
  readonly listener: RequestListener;
  readonly unitOfWork: UnitOfWork;
  readonly sender: Sender;
  readonly repliesTopic: string;
  /** See `answerNameOf`. */
  readonly answerName: string;
  readonly clock: Clock;
  /** An answer could not be sent: the question comes again. */
  readonly onFault: (fault: unknown) => void;
}

/**
 * Answers one listener's request events, in batches that share a transaction (B1 to B3). Nothing is remembered here: what
 * was answered stands in the listener's saga journal, so a repeated request gets the same answer.
 */
export class RequestEndpoint {
  private readonly batcher: MicroBatcher<ShopEvent, Outcome>;
  private readonly answering = new Set<Promise<void>>();

  constructor(private readonly options: RequestEndpointOptions) {
    const { listener, unitOfWork } = options;
    const name = workOfRequest(listener);
    const run = (events: readonly ShopEvent[]): Promise<readonly Outcome[]> => unitOfWork.run((tx) => listener.handle(tx, events), name);
    this.batcher = new MicroBatcher({ name: listener.subscriber, run });
  }

  /** Returns at once, so that the requests behind it gather in the batch. @throws UnreadableMessage */
  receive(message: IncomingMessage, done: () => void): void {
    const request = requestOf(message);
    const { listener, clock } = this.options;
    const obsolete = request.expiresAtMs < clock.now().getTime();
    if (obsolete || !request.awaited.includes(listener.subscriber)) return done();
    const answering = this.answer(request)
      .catch(this.options.onFault)
      .finally(() => {
        this.answering.delete(answering);
        done();
      });
    this.answering.add(answering);
  }

  /** What has been received is answered; nothing more may be received by then. */
  async settled(): Promise<void> {
    await Promise.all(this.answering);
  }

  private async answer(request: Request): Promise<void> {
    const { sender, repliesTopic, answerName, clock } = this.options;
    const answer = await this.answerTo(request.event);
    await sender.send(answerMessageOf(repliesTopic, request, answer, answerName, clock.now()));
  }

  private async answerTo(event: ShopEvent): Promise<Answer> {
    const { listener } = this.options;
    const { subscriber } = listener;
    if (!listener.concerns(event)) return { subscriber, kind: 'unconcerned' };
    try {
      return { subscriber, kind: 'outcome', outcome: await this.batcher.submit(event) };
    } catch (fault) {
      return { subscriber, kind: 'fault', fault: fault instanceof Error ? fault : new Error(String(fault)) };
    }
  }
}
