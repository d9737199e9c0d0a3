import { createHmac } from 'node:crypto';

const SECRET_PREFIX = 'whsec_';

/**
 * The headers of Standard Webhooks. The receiver drops repeats by `webhook-id`, old requests by `webhook-timestamp` (the time of
 * this attempt), and believes only what is signed.
 *
 * @param secret `whsec_` and base64; null: nothing is signed.
 */
export function webhookHeaders(
  { id, sentAt, body }: { readonly id: string; readonly sentAt: Date; readonly body: string },
  secret: string | null,
): Record<string, string> {
  const timestamp = String(Math.floor(sentAt.getTime() / 1_000));
  const unsigned = { 'webhook-id': id, 'webhook-timestamp': timestamp };
  if (secret === null) return unsigned;
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { ...unsigned, 'webhook-signature': `v1,${signature}` };
}
