/** Something that people should look at. */
export interface Alert {
  /** `dead-letter`: given up on, an operator decides. `stuck-compensation`: tried on for ever, but it does not get through. */
  readonly kind: 'dead-letter' | 'stuck-compensation';
  readonly subscriber: string;
  readonly event: { readonly id: string; readonly type: string; readonly source: string; readonly subject: string };
  /** How many times it has failed. */
  readonly failures: number;
  readonly error: { readonly name: string; readonly message: string };
}

/**
 * Tells people. Best effort: a crash may swallow an alert, never a dead letter; the metrics count those.
 */
export abstract class Alerts {
  /** Returns at once and never throws. */
  abstract raise(alert: Alert): void;
}
