import { createHash } from 'node:crypto';
import { z } from 'zod';
import { webhookHeaders } from '../../http/standard-webhooks.js';
import { Unavailable } from '../../kernel/faults.js';
import { DataPlatform, type HandOver, type PaidOrderEvent } from '../application/data-platform.port.js';
import { cloudEvent } from './cloud-event.js';
import { type CircuitOptions, DataPlatformCircuit } from './data-platform-circuit.js';

const ANSWER_MS_MAX = 10_000;
const CONTENT_TYPE = 'application/cloudevents-batch+json; charset=utf-8';
/** Said of the contents. Every other refusal says that the platform is away, busy, moved or set wrongly, whatever they are. */
const REFUSES_CONTENTS = new Set([400, 413, 422]);

/** Whatever else is in the answer, or no JSON at all: a 2xx then accepts the whole batch. */
const Answer = z.object({
  accepted: z.array(z.string()).optional(),
  rejected: z.array(z.object({ id: z.string(), reason: z.string().optional() })).optional(),
});

export interface HttpDataPlatformOptions extends CircuitOptions {
  readonly url: string;
  /** `whsec_…`, of Standard Webhooks. */
  readonly secret: string;
  readonly answerMsMax?: number;
}

/**
 * Paid orders by POST: a batch of CloudEvents, signed. The receiver drops repeats by the `id` of each event.
 *
 * T4: an outage is nobody's fault: it is told as {@link Unavailable}, and no event is blamed.
 */
export class HttpDataPlatform extends DataPlatform {
  readonly adapter = 'http';
  private readonly circuit: DataPlatformCircuit;

  constructor(private readonly options: HttpDataPlatformOptions) {
    super();
    this.circuit = new DataPlatformCircuit(options);
  }

  override send(events: readonly PaidOrderEvent[], signal: AbortSignal): Promise<HandOver> {
    return this.circuit.run(() => this.post(events, signal), signal);
  }

  /** Only its acknowledgements tell what is there. */
  override present(): Promise<null> {
    return Promise.resolve(null);
  }

  private async post(events: readonly PaidOrderEvent[], signal: AbortSignal): Promise<HandOver> {
    const { status, text } = await this.answerTo(events, signal);
    if (REFUSES_CONTENTS.has(status)) throw new Error(`the data platform refused the events: it answered ${status}`);
    if (status < 200 || status > 299) throw new Unavailable(`the data platform answered ${status}`);
    return handOverOf(events, text);
  }

  private async answerTo(events: readonly PaidOrderEvent[], signal: AbortSignal): Promise<{ status: number; text: string }> {
    const { url, secret, answerMsMax = ANSWER_MS_MAX } = this.options;
    const body = JSON.stringify(events.map(cloudEvent));
    const headers = webhookHeaders({ id: idOf(events), sentAt: new Date(), body }, secret);
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': CONTENT_TYPE, accept: 'application/json', ...headers },
        body,
        // A redirected POST would arrive as a GET without its contents.
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)]),
      });
      return { status: response.status, text: await response.text() };
    } catch (cause) {
      throw new Unavailable('the data platform does not answer', { cause });
    }
  }
}

/** The same batch has the same id, whenever it is sent. */
function idOf(events: readonly PaidOrderEvent[]): string {
  const ids = events.map(({ id }) => id).join('\n');
  return `batch_${createHash('sha256').update(ids).digest('hex').slice(0, 32)}`;
}

/** `accepted` is the whole truth if it is there; else what is not `rejected` is accepted. */
function handOverOf(events: readonly PaidOrderEvent[], text: string): HandOver {
  const { accepted, rejected = [] } = answerIn(text);
  const reasons = new Map(rejected.map(({ id, reason = 'no reason was given' }) => [id, `the data platform rejected it: ${reason}`]));
  const ids = accepted ?? events.map(({ id }) => id);
  return { accepted: new Set(ids.filter((id) => !reasons.has(id))), reasons };
}

function answerIn(text: string): z.output<typeof Answer> {
  try {
    return Answer.safeParse(JSON.parse(text)).data ?? {};
  } catch {
    return {};
  }
}
