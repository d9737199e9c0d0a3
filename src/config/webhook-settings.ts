import { z } from 'zod';

/** An address of somebody else's, told by POST. */
export interface Webhook {
  readonly url: string;
  /** `whsec_…`: requests are signed (Standard Webhooks). Null: they are not. */
  readonly secret: string | null;
}

/** Standard Webhooks: base64 of 24 to 64 bytes. */
const SECRET = /^whsec_(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;
export const SECRET_EXAMPLE = 'echo whsec_$(openssl rand -base64 32)';

export const webhookVariables = {
  ALERT_WEBHOOK_URL: url('to have alerts in the log only').optional(),
  ALERT_WEBHOOK_SECRET: webhookSecret().optional(),
  RECEIPT_WEBHOOK_URL: url('to send no receipts').optional(),
  RECEIPT_WEBHOOK_SECRET: webhookSecret().optional(),
};

type Given = z.output<z.ZodObject<typeof webhookVariables>>;

/** What the configuration says of addresses that are told by POST. */
export const webhookSettings = (set: Given) => ({
  alertWebhook: webhookOf(set.ALERT_WEBHOOK_URL, set.ALERT_WEBHOOK_SECRET),
  receiptWebhook: webhookOf(set.RECEIPT_WEBHOOK_URL, set.RECEIPT_WEBHOOK_SECRET),
});

export const webhookProblems = (given: Readonly<Record<string, string>>): string[] =>
  ['ALERT_WEBHOOK', 'RECEIPT_WEBHOOK']
    .filter((what) => given[`${what}_SECRET`] !== undefined && given[`${what}_URL`] === undefined)
    .map((what) => `${what}_SECRET signs nothing without ${what}_URL. Set both, or unset it.`);

const webhookOf = (address: string | undefined, key: string | undefined): Webhook | null =>
  address === undefined ? null : { url: address, secret: key ?? null };

/** The messages do not repeat addresses and secrets: an address may be one. */
function url(unset: string) {
  return z.string().refine(isWebhookAddress, `must be an address that begins with https:// or http://. Correct it, or unset it ${unset}`);
}

export function isWebhookAddress(text: string): boolean {
  return z.url({ protocol: /^https?$/ }).safeParse(text).success;
}

export function webhookSecret() {
  return z.string().refine(isSecret, `must be whsec_ and the base64 of 24 to 64 bytes, for example from: ${SECRET_EXAMPLE}`);
}

function isSecret(text: string): boolean {
  const { length } = Buffer.from(text.slice('whsec_'.length), 'base64');
  return SECRET.test(text) && length >= SECRET_BYTES_MIN && length <= SECRET_BYTES_MAX;
}
