import { Injectable } from '@nestjs/common';
import { DomainDatabase, pgTransaction, sql, type Statement } from '../../database/database.js';
import type { Transaction } from '../../kernel/transaction.js';
import { type AlertQuery, Alerts, type RaisedAlert, type RecordedAlert } from '../application/alerts.port.js';
import type { Alert } from '../domain/alert.js';

interface AlertRow {
  readonly alert_id: number;
  readonly event_id: string;
  readonly alert: Alert;
  readonly raised_at: Date;
  readonly acknowledged_at: Date | null;
  readonly acknowledged_by: string | null;
}

const COLUMNS = 'alert_id, event_id, alert, raised_at, acknowledged_at, acknowledged_by';

const RECORD = sql(
  'notification.record-alerts',
  `INSERT INTO shop_notification.alert (event_id, alert, raised_at)
   SELECT * FROM unnest($1::text[], $2::jsonb[], $3::timestamptz[])
   ON CONFLICT (event_id) DO NOTHING`,
);
const listOf = (which: string, condition: string): Statement =>
  sql(
    `notification.list-alerts-${which}`,
    `SELECT ${COLUMNS} FROM shop_notification.alert WHERE alert_id < $1 ${condition} ORDER BY alert_id DESC LIMIT $2`,
  );
const LISTS = {
  ALL: listOf('all', ''),
  OPEN: listOf('open', 'AND acknowledged_at IS NULL'),
  ACKNOWLEDGED: listOf('acknowledged', 'AND acknowledged_at IS NOT NULL'),
};
const ACKNOWLEDGE = sql(
  'notification.acknowledge-alert',
  `UPDATE shop_notification.alert
   SET acknowledged_at = coalesce(acknowledged_at, statement_timestamp()), acknowledged_by = coalesce(acknowledged_by, $2)
   WHERE alert_id = $1
   RETURNING ${COLUMNS}`,
);

@Injectable()
export class PgAlerts extends Alerts {
  constructor(private readonly database: DomainDatabase) {
    super();
  }

  override async record(tx: Transaction, alerts: readonly RaisedAlert[]): Promise<void> {
    await pgTransaction(tx).query(RECORD, [
      alerts.map(({ eventId }) => eventId),
      alerts.map(({ alert }) => JSON.stringify(alert)),
      alerts.map(({ raisedAt }) => raisedAt),
    ]);
  }

  override async list({ state, before, rowsMax }: AlertQuery): Promise<readonly RecordedAlert[]> {
    const rows = await this.database.query<AlertRow>(LISTS[state ?? 'ALL'], [before ?? Number.MAX_SAFE_INTEGER, rowsMax]);
    return rows.map(alertOf);
  }

  override async acknowledge(alertId: number, actor: string): Promise<RecordedAlert | null> {
    const [row] = await this.database.query<AlertRow>(ACKNOWLEDGE, [alertId, actor]);
    return row ? alertOf(row) : null;
  }
}

const alertOf = ({ alert_id, event_id, alert, raised_at, acknowledged_at, acknowledged_by }: AlertRow): RecordedAlert => ({
  alertId: alert_id,
  eventId: event_id,
  alert,
  raisedAt: raised_at.toISOString(),
  acknowledgedAt: acknowledged_at?.toISOString() ?? null,
  acknowledgedBy: acknowledged_by,
});
