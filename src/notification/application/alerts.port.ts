import type { Transaction } from '../../kernel/transaction.js';
import type { Alert } from '../domain/alert.js';

export interface RaisedAlert {
  /** The id of the event that raised it. */
  readonly eventId: string;
  /** ISO 8601. */
  readonly raisedAt: string;
  readonly alert: Alert;
}

export interface RecordedAlert extends RaisedAlert {
  readonly alertId: number;
  /** Null: nobody has said yet that they take care of it. */
  readonly acknowledgedAt: string | null;
  readonly acknowledgedBy: string | null;
}

export interface AlertQuery {
  readonly state?: 'OPEN' | 'ACKNOWLEDGED' | undefined;
  /** Only those recorded before this one. */
  readonly before?: number | undefined;
  readonly rowsMax: number;
}

/** What operators were alerted to. */
export abstract class Alerts {
  /** An alert that has been recorded before is left as it is. */
  abstract record(tx: Transaction, alerts: readonly RaisedAlert[]): Promise<void>;

  /** Newest first. */
  abstract list(query: AlertQuery): Promise<readonly RecordedAlert[]>;

  /** The first who acknowledges it stands in the record. @returns null when there is no such alert. */
  abstract acknowledge(alertId: number, actor: string): Promise<RecordedAlert | null>;
}
