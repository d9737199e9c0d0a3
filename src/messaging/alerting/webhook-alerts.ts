import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { type Alert, Alerts } from '../alerts.js';
import { textOf } from './log-alerts.js';

const QUEUE_ALERTS_MAX = 1_000;
const TIMEOUT_MS = 5_000;
const ATTEMPTS_MAX = 3;
const RETRY_DELAY_MS = 1_000;

export interface WebhookAlertsOptions {
  readonly url: string;
  /** Gets every alert as well: the webhook may be down. */
  readonly besides: Alerts;
  readonly timeoutMs?: number;
  readonly retryDelayMs?: number;
  readonly queueAlertsMax?: number;
}

/**
 * Alerts as JSON to an address, one after the other: `{text, alert}`, of which chat systems show `text`. Three attempts of
 * 5 s each; what does not fit into the queue or does not get through is in the log all the same.
 */
export class WebhookAlerts extends Alerts {
  private readonly logger = new Logger('Alerts');
  private readonly queue: Alert[] = [];
  private readonly stopping = new AbortController();
  private sending: Promise<void> | undefined;

  constructor(private readonly options: WebhookAlertsOptions) {
    super();
  }

  override raise(alert: Alert): void {
    this.options.besides.raise(alert);
    if (this.stopping.signal.aborted || this.queue.length >= (this.options.queueAlertsMax ?? QUEUE_ALERTS_MAX)) return;
    this.queue.push(alert);
    this.sending ??= this.sendAll();
  }

  /** Gives up what is not sent yet. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.sending;
  }

  private async sendAll(): Promise<void> {
    for (let alert = this.queue.shift(); alert && !this.stopping.signal.aborted; alert = this.queue.shift()) await this.send(alert);
    this.sending = undefined;
  }

  private async send(alert: Alert): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.post(alert);
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        if (attempt >= ATTEMPTS_MAX) {
          this.logger.warn({ err: error, eventId: alert.event.id }, 'the alert webhook (ALERT_WEBHOOK_URL) did not take an alert');
          return;
        }
        await sleep(this.options.retryDelayMs ?? RETRY_DELAY_MS, undefined, { signal: this.stopping.signal }).catch(() => {});
      }
    }
  }

  private async post(alert: Alert): Promise<void> {
    const response = await fetch(this.options.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: textOf(alert), alert }),
      signal: AbortSignal.any([this.stopping.signal, AbortSignal.timeout(this.options.timeoutMs ?? TIMEOUT_MS)]),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`it answered ${response.status}`);
  }
}
