import { webhookHeaders } from '../../http/standard-webhooks.js';
import { Unavailable } from '../../kernel/faults.js';
import { type Notification, Notifier } from '../application/notifier.port.js';

const ANSWER_MS_MAX = 5_000;
/** Said of the contents. Every other answer says that the address is away, moved, busy or set wrongly, whatever they are. */
const REFUSES_CONTENTS = new Set([400, 413, 422]);

export interface WebhookNotifierOptions {
  readonly url: string;
  readonly secret: string | null;
  readonly answerMsMax?: number;
}

/** Notifications as JSON to an address: `{type, timestamp, text, …}`, of which chat systems show `text`. */
export class WebhookNotifier extends Notifier {
  constructor(private readonly options: WebhookNotifierOptions) {
    super();
  }

  override async notify({ id, type, time, text, contents }: Notification, signal: AbortSignal): Promise<void> {
    const payload = JSON.stringify({ type, timestamp: time, text, ...contents });
    const status = await this.post(id, payload, signal);
    if (REFUSES_CONTENTS.has(status)) throw new Error(`the webhook refused ${id}: it answered ${status}`);
    if (status < 200 || status > 299) throw new Unavailable(`the webhook answered ${status}`);
  }

  private async post(id: string, payload: string, signal: AbortSignal): Promise<number> {
    try {
      const response = await fetch(this.options.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...webhookHeaders({ id, sentAt: new Date(), body: payload }, this.options.secret) },
        body: payload,
        // A redirected POST would arrive as a GET without its contents.
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(this.options.answerMsMax ?? ANSWER_MS_MAX)]),
      });
      await response.body?.cancel();
      return response.status;
    } catch (cause) {
      throw new Unavailable('the webhook does not answer', { cause });
    }
  }
}
