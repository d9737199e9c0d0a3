import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { type Caller, CurrentUser, OperatorOnly } from '../../http/auth/caller.js';
import { orProblem, ProblemError } from '../../http/problem.js';
import { declareProblems } from '../../http/problem-codes.js';
import { Route } from '../../http/route.js';
import { DeadLetters, placeOf, placeOfAction } from '../../messaging/dead-letters.js';
import {
  ActionsQuery,
  DeadLetterActionAnswer,
  DeadLetterActionsPage,
  DeadLetterDetailAnswer,
  deadLetterIdParam,
  DeadLettersPage,
  DeadLettersQuery,
  placeCursor,
  RetriedAnswer,
  RetryMany,
  WithReason,
} from './dead-letter-schemas.js';

declareProblems({
  DEAD_LETTER_NOT_FOUND: 404,
  BEING_TRIED: 409,
  WAITS_BEHIND_ANOTHER: 409,
  NOT_A_DEAD_LETTER: 409,
  NOT_A_STUCK_COMPENSATION: 409,
});

/** Events that a listener could not handle. Whatever an operator does here is recorded for ever. */
@ApiTags('operator')
@Controller('api/admin/dead-letters')
@OperatorOnly()
export class DeadLettersController {
  constructor(private readonly letters: DeadLetters) {}

  @Get()
  @Route({ summary: 'Events that a listener could not handle, newest first', answer: DeadLettersPage })
  async list(@Query({ schema: DeadLettersQuery }) { cursor, limit, ...filter }: z.output<typeof DeadLettersQuery>) {
    const letters = await this.letters.list({ ...filter, after: cursor, limit: limit + 1 });
    return placeCursor.page(
      letters,
      limit,
      (letter) => [...placeOf(letter)],
      (letter) => letter,
    );
  }

  @Get('actions')
  @Route({ summary: 'What operators did with them, newest first', answer: DeadLetterActionsPage })
  async actions(@Query({ schema: ActionsQuery }) { cursor, limit }: z.output<typeof ActionsQuery>) {
    const actions = await this.letters.actions({ after: cursor, limit: limit + 1 });
    return placeCursor.page(
      actions,
      limit,
      (action) => [...placeOfAction(action)],
      (action) => action,
    );
  }

  @Get(':id')
  @Route({ summary: 'One of them, with the event and its failures', answer: DeadLetterDetailAnswer, problems: ['DEAD_LETTER_NOT_FOUND'] })
  async one(@Param('id', { schema: deadLetterIdParam }) id: string) {
    const letter = await this.letters.find(id);
    if (!letter) throw new ProblemError({ code: 'DEAD_LETTER_NOT_FOUND', message: `there is no parked event ${id}` });
    return { ...letter, event: { ...letter.event }, failures: [...letter.failures] };
  }

  @Post('retry')
  @Route({ summary: 'Retry all dead letters, or those of a subscriber or topic', answer: RetriedAnswer })
  async retryMany(@CurrentUser() caller: Caller, @Body({ schema: RetryMany }) filter: z.output<typeof RetryMany>) {
    return { retried: await this.letters.retryAll(filter, { actor: actorOf(caller) }) };
  }

  @Post(':id/retry')
  @Route({
    summary: 'Try it again now, under the same event id',
    answer: DeadLetterActionAnswer,
    problems: ['DEAD_LETTER_NOT_FOUND', 'BEING_TRIED', 'WAITS_BEHIND_ANOTHER'],
  })
  async retry(@CurrentUser() caller: Caller, @Param('id', { schema: deadLetterIdParam }) id: string) {
    return orProblem(await this.letters.retry(id, { actor: actorOf(caller) }));
  }

  @Post(':id/discard')
  @Route({
    summary: 'Drop a dead letter; the later events of its subject go on',
    answer: DeadLetterActionAnswer,
    problems: ['DEAD_LETTER_NOT_FOUND', 'BEING_TRIED', 'NOT_A_DEAD_LETTER'],
  })
  async discard(
    @CurrentUser() caller: Caller,
    @Param('id', { schema: deadLetterIdParam }) id: string,
    @Body({ schema: WithReason }) { reason }: z.output<typeof WithReason>,
  ) {
    return orProblem(await this.letters.discard(id, { actor: actorOf(caller), reason }));
  }

  @Post(':id/resolve')
  @Route({
    summary: 'Drop a compensation that fails, because it has been done by hand',
    answer: DeadLetterActionAnswer,
    problems: ['DEAD_LETTER_NOT_FOUND', 'BEING_TRIED', 'NOT_A_STUCK_COMPENSATION'],
  })
  async resolve(
    @CurrentUser() caller: Caller,
    @Param('id', { schema: deadLetterIdParam }) id: string,
    @Body({ schema: WithReason }) { reason }: z.output<typeof WithReason>,
  ) {
    return orProblem(await this.letters.resolve(id, { actor: actorOf(caller), reason }));
  }
}

const actorOf = ({ userId }: Caller): string => `user:${userId}`;
