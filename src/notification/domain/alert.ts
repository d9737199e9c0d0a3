/** Something that operators should look at. */
export interface Alert {
  /** `dead-letter`: given up on, an operator decides. `stuck-compensation`: tried on for ever, but it does not get through. */
  readonly kind: 'dead-letter' | 'stuck-compensation';
  /** Where the event and all its failures can be seen: `product-17`. */
  readonly deadLetterId: string;
  readonly subscriber: string;
  readonly event: { readonly id: string; readonly type: string; readonly source: string; readonly subject: string };
  readonly failures: number;
  readonly failuresTotal: number;
  readonly error: { readonly name: string; readonly message: string };
}

/** The alert as a sentence, with what to do. */
export function alertText({ kind, deadLetterId, subscriber, event, failures, error }: Alert): string {
  const what = `${subscriber} failed ${failures} times on ${event.id} (${error.message})`;
  return kind === 'dead-letter'
    ? `${what} and gave up: mend the cause, then retry or discard it (ordersaga dead-letters show ${deadLetterId})`
    : `${what}, a compensation: it goes on trying, but mend the cause, or resolve it by hand (ordersaga dead-letters show ${deadLetterId})`;
}
