import { z } from 'zod';
import { keysetCursor, pageOf } from '../../http/keyset-cursor.js';
import { instant, limitParam, textField } from '../../http/schemas.js';

const NAME_CHARACTERS_MAX = 100;
const REASON_CHARACTERS_MAX = 1_000;

const state = z.enum(['WAITING', 'DEAD']);
const failure = z.object({ at: instant, name: z.string(), message: z.string() });

const DeadLetterAnswer = z
  .object({
    id: z.string().describe('The domain of the subscriber and a number, such as `product-17`'),
    state: state.describe('DEAD: given up, an operator decides. WAITING: tried again by itself, or behind an earlier event of its subject'),
    subscriber: z.string(),
    topic: z.string(),
    source: z.string(),
    eventId: z.string(),
    subject: z.string(),
    neverGivesUp: z.boolean().describe('A compensation: tried again for ever'),
    attempts: z.int().describe('Failures since it was parked, or since the last retry by an operator'),
    failuresTotal: z.int(),
    nextAttemptAt: instant.nullable().describe('Null when it is dead, or waits behind an earlier event'),
    parkedAt: instant,
    lastFailure: failure.nullable(),
  })
  .meta({ id: 'DeadLetter' });

export const DeadLetterDetailAnswer = DeadLetterAnswer.extend({
  event: z.looseObject({
    id: z.string(),
    type: z.string(),
    source: z.string(),
    subject: z.string(),
    time: z.string(),
    dataschema: z.string(),
  }),
  failures: z.array(failure).describe('The latest 50, oldest first'),
}).meta({ id: 'DeadLetterDetail' });

export const DeadLetterActionAnswer = z
  .object({
    actionId: z.string(),
    at: instant,
    actor: z.string().describe('`user:1`: an operator over HTTP. `cli:ada`: somebody at the command line'),
    action: z.enum(['RETRY', 'DISCARD', 'RESOLVE']),
    reason: z.string().nullable(),
    deadLetterId: z.string(),
    subscriber: z.string(),
    eventId: z.string(),
    failuresTotal: z.int(),
  })
  .meta({ id: 'DeadLetterAction' });

export const DeadLettersPage = pageOf(DeadLetterAnswer);
export const DeadLetterActionsPage = pageOf(DeadLetterActionAnswer);
export const RetriedAnswer = z.object({ retried: z.int() });

/** Time, domain, number. */
export const placeCursor = keysetCursor(z.tuple([z.iso.datetime(), z.string().max(NAME_CHARACTERS_MAX), z.int()]));

export const deadLetterIdParam = z
  .string()
  .regex(/^[a-z][a-z0-9_]*-[1-9]\d{0,14}$/, 'send an id such as product-17')
  .max(NAME_CHARACTERS_MAX);

export const DeadLettersQuery = z.object({
  state: state.optional(),
  subscriber: textField({ max: NAME_CHARACTERS_MAX }).optional(),
  topic: textField({ max: NAME_CHARACTERS_MAX }).optional(),
  cursor: placeCursor.param.optional(),
  limit: limitParam,
});
export const ActionsQuery = z.object({ cursor: placeCursor.param.optional(), limit: limitParam });

export const RetryMany = z.object({
  subscriber: textField({ max: NAME_CHARACTERS_MAX }).optional(),
  topic: textField({ max: NAME_CHARACTERS_MAX }).optional(),
});
export const WithReason = z.object({ reason: textField({ max: REASON_CHARACTERS_MAX, multiline: true }) });
