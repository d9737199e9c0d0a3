import { Module } from '@nestjs/common';
import type { Config } from '../config/config.js';
import type { Webhook } from '../config/webhook-settings.js';
import { CONFIG } from '../config/config.module.js';
import { platformOf } from '../messaging/domain-platform.js';
import { Alerts } from './application/alerts.port.js';
import { OnAlertRaisedListener } from './application/listeners/on-alert-raised.listener.js';
import { OnOrderProcessedListener } from './application/listeners/on-order-processed.listener.js';
import { type Notifier, TO_CUSTOMERS, TO_OPERATORS } from './application/notifier.port.js';
import { Receipts } from './application/receipts.port.js';
import { LogNotifier } from './infrastructure/log-notifier.js';
import { PgAlerts } from './infrastructure/pg-alerts.js';
import { PgReceipts } from './infrastructure/pg-receipts.js';
import { SeveralNotifiers } from './infrastructure/several-notifiers.js';
import { ToldOnce } from './infrastructure/told-once.js';
import { WebhookNotifier } from './infrastructure/webhook-notifier.js';
import { AlertsController } from './presentation/alerts.controller.js';
import { ReceiptsController } from './presentation/receipts.controller.js';

const withWebhook = (log: LogNotifier, webhook: Webhook | null): Notifier =>
  new SeveralNotifiers([log, ...(webhook ? [new WebhookNotifier(webhook)] : [])].map((notifier) => new ToldOnce(notifier)));

@Module({
  controllers: [ReceiptsController, AlertsController],
  providers: [
    ...platformOf('notification'),
    OnOrderProcessedListener,
    OnAlertRaisedListener,
    { provide: Receipts, useClass: PgReceipts },
    { provide: Alerts, useClass: PgAlerts },
    {
      provide: TO_CUSTOMERS,
      useFactory: ({ receiptWebhook }: Config) => withWebhook(new LogNotifier('Receipts', 'debug'), receiptWebhook),
      inject: [CONFIG],
    },
    {
      provide: TO_OPERATORS,
      useFactory: ({ alertWebhook }: Config) => withWebhook(new LogNotifier('Alerts', 'error'), alertWebhook),
      inject: [CONFIG],
    },
  ],
})
export class NotificationModule {}
