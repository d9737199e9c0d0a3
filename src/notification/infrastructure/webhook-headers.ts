import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';

/**
 * The headers of Standard Webhooks: the receiver drops repeats by `webhook-id`, and old ones by `webhook-timestamp`, the time
 * of this attempt. Without a secret (`whsec_` and base64) there is no signature.
 */
export function webhookHeaders(id: string, sentAt: Date, payload: string, secret: string | null): Record<string, string> {
  const timestamp = String(Math.floor(sentAt.getTime() / 1_000));
  const unsigned = { 'webhook-id': id, 'webhook-timestamp': timestamp };
  if (secret === null) return unsigned;
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${payload}`).digest('base64');
  return { ...unsigned, 'webhook-signature': `v1,${signature}` };
}
