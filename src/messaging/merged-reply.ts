import type { z } from 'zod';
import type { Reply, Step } from './event-bus.js';
import type { Outcome } from './listener.js';

/** What one listener said of a request event. */
export interface Asked {
  readonly outcome: Outcome;
  readonly step: Step;
}

export function askedOf(
  event: { readonly type: string },
  listener: string,
  outcome: Outcome,
  times: { readonly startedAt: string; readonly finishedAt: string },
): Asked {
  const step: Step =
    outcome.kind === 'done'
      ? { event: event.type, listener, outcome: 'DONE', ...times }
      : { event: event.type, listener, outcome: 'REFUSED', code: outcome.refusal.code, ...times };
  return { outcome, step };
}

/** All answers merged, or all refusals. @throws ZodError when the answers together are not what the event's definition says. */
export function mergedReply<Answer>(asked: readonly Asked[], schema: z.ZodType<Answer>): Reply<Answer> {
  const steps = asked.map(({ step }) => step);
  const [first, ...others] = asked.flatMap(({ outcome }) => (outcome.kind === 'refused' ? [outcome.refusal] : []));
  if (first) return { ok: false, refusals: [first, ...others], steps };
  const answers = asked.map(({ outcome }) => (outcome.kind === 'done' ? outcome.answer : {}));
  return { ok: true, answer: schema.parse(Object.assign({}, ...answers)), steps };
}
