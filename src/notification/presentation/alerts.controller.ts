import { Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { type Caller, CurrentUser, OperatorOnly } from '../../http/auth/caller.js';
import { keysetCursor, pageOf } from '../../http/keyset-cursor.js';
import { ProblemError } from '../../http/problem.js';
import { declareProblems } from '../../http/problem-codes.js';
import { Route } from '../../http/route.js';
import { idField, idParam, instant, limitParam } from '../../http/schemas.js';
import { Alerts, type RecordedAlert } from '../application/alerts.port.js';
import { alertText } from '../domain/alert.js';

declareProblems({ ALERT_NOT_FOUND: 404 });

const AlertAnswer = z
  .object({
    alertId: idField(),
    kind: z
      .enum(['dead-letter', 'stuck-compensation'])
      .describe('dead-letter: given up, an operator decides. stuck-compensation: tried on for ever, but it does not get through'),
    text: z.string().describe('A sentence for people, with what to do'),
    deadLetterId: z.string().describe('Finds the event and its failures at /api/admin/dead-letters/{id}'),
    subscriber: z.string(),
    event: z.object({ id: z.string(), type: z.string(), source: z.string(), subject: z.string() }),
    failures: z.int().describe('Since it was parked, or since the last retry by an operator'),
    failuresTotal: z.int(),
    error: z.object({ name: z.string(), message: z.string() }),
    raisedAt: instant,
    acknowledgedAt: instant.nullable(),
    acknowledgedBy: z.string().nullable().describe('Such as `user:1`; null while nobody has'),
  })
  .meta({ id: 'Alert' });

const alertCursor = keysetCursor(z.tuple([z.int().positive()]));
const AlertsQuery = z.object({
  state: z.enum(['OPEN', 'ACKNOWLEDGED']).optional(),
  cursor: alertCursor.param.optional(),
  limit: limitParam,
});

/** What operators were alerted to: the same that goes to the log and to `ALERT_WEBHOOK_URL`. */
@ApiTags('operator')
@Controller('api/admin/alerts')
@OperatorOnly()
export class AlertsController {
  constructor(private readonly alerts: Alerts) {}

  @Get()
  @Route({ summary: 'Alerts, newest first', answer: pageOf(AlertAnswer) })
  async list(@Query({ schema: AlertsQuery }) { state, cursor, limit }: z.output<typeof AlertsQuery>) {
    const alerts = await this.alerts.list({ state, before: cursor?.[0], rowsMax: limit + 1 });
    return alertCursor.page(alerts, limit, ({ alertId }) => [alertId], alertAnswer);
  }

  @Post(':id/acknowledge')
  @Route({
    summary: 'Say that you take care of an alert',
    description: 'The first who does so stays on record; doing it again changes nothing.',
    answer: AlertAnswer,
    problems: ['ALERT_NOT_FOUND'],
  })
  async acknowledge(@CurrentUser() { userId }: Caller, @Param('id', { schema: idParam() }) id: number) {
    const alert = await this.alerts.acknowledge(id, `user:${userId}`);
    if (!alert) throw new ProblemError({ code: 'ALERT_NOT_FOUND', message: `there is no alert ${id}` });
    return alertAnswer(alert);
  }
}

const alertAnswer = ({ eventId: _, alert, ...record }: RecordedAlert) => ({ ...record, ...alert, text: alertText(alert) });
