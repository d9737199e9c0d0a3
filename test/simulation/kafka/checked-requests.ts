import type { ShopEvent } from '../../../src/messaging/event.js';
import { type Answered, RequestClient, type RequestClientOptions } from '../../../src/messaging/kafka/request-client.js';
import type { Deliveries } from '../deliveries.js';

/** X3: each asking is answered once by each subscriber, with what that subscriber has answered to this event. */
export class CheckedRequests extends RequestClient {
  constructor(
    options: RequestClientOptions,
    private readonly deliveries: Deliveries,
  ) {
    super(options);
  }

  override async ask(event: ShopEvent, subscribers: readonly string[]): Promise<readonly Answered[]> {
    const answers = await super.ask(event, subscribers);
    this.deliveries.assertAnswered(event, subscribers, answers);
    return answers;
  }
}
