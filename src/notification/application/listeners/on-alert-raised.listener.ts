import { Inject, Injectable } from '@nestjs/common';
import type { Transaction } from '../../../kernel/transaction.js';
import { AlertRaised } from '../../../messaging/alert-raised.event.js';
import type { Received } from '../../../messaging/event.js';
import { OnEvent, OnEventOutside } from '../../../messaging/listener.js';
import { alertText } from '../../domain/alert.js';
import { Alerts } from '../alerts.port.js';
import { Notifier, notifyAll, TO_OPERATORS } from '../notifier.port.js';

/** Records each alert for operators, and tells them. */
@Injectable()
export class OnAlertRaisedListener {
  constructor(
    private readonly alerts: Alerts,
    @Inject(TO_OPERATORS) private readonly operators: Notifier,
  ) {}

  @OnEvent(AlertRaised, 'notification.record-alert')
  recordAlerts(tx: Transaction, raised: readonly Received<typeof AlertRaised>[]): Promise<void> {
    return this.alerts.record(
      tx,
      raised.map(({ id, time, data }) => ({ eventId: id, raisedAt: time, alert: data })),
    );
  }

  @OnEventOutside(AlertRaised, 'notification.send-alert')
  sendAlerts(raised: readonly Received<typeof AlertRaised>[], signal: AbortSignal): Promise<void> {
    const alerts = raised.map(({ id, type, time, data }) => ({ id, type, time, text: alertText(data), contents: { alert: data } }));
    return notifyAll(this.operators, alerts, signal);
  }
}
