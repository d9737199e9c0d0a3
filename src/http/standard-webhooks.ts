import { createHmac } from 'node:crypto';

const SECRET_PREFIX = 'whsec_';

/**
 * The headers of Standard Webhooks. The receiver drops repeats by `webhook-id` and old requests by `webhook-timestamp`, and
 * believes only what is signed.
 *
 * @param secret `whsec_` and base64.
 */
export function webhookHeaders(message: { readonly id: string; readonly sentAt: Date; readonly body: string }, secret: string) {
  const { id, sentAt, body } = message;
  const timestamp = String(Math.floor(sentAt.getTime() / 1_000));
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
