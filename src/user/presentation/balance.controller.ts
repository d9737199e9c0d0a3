import { Body, Controller, Get, Inject, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.js';
import { type Caller, CurrentUser, OperatorOnly, UserParam } from '../../http/auth/caller.js';
import { Idempotent, IdempotencyKey } from '../../http/idempotency/idempotent.js';
import { keysetCursor, pageOf } from '../../http/keyset-cursor.js';
import { orProblem } from '../../http/problem.js';
import { declareProblems } from '../../http/problem-codes.js';
import { Route } from '../../http/route.js';
import { AMOUNT_MINOR_UNITS_MAX, amountField, idField, idParam, instant, instantField, limitParam, textField } from '../../http/schemas.js';
import type { PaymentId, UserId } from '../../kernel/ids.js';
import { money, toJson } from '../../kernel/money.js';
import { ok, refuse } from '../../kernel/result.js';
import { AccountQueries, type EntryRow } from '../application/account-queries.port.js';
import { ChangeBalanceUseCase } from '../application/change-balance.use-case.js';
import type { ManualPosting } from '../domain/ledger.js';

declareProblems({ BALANCE_LIMIT_EXCEEDED: 422 });

const NOTE_CHARACTERS_MAX = 500;

const codeField = z.enum(['CHARGE', 'PAYMENT', 'REFUND', 'ADJUST']);
const noteField = textField({ max: NOTE_CHARACTERS_MAX });

const Charge = z.object({ amount: amountField, note: noteField.optional() });
const Adjustment = z.object({
  amount: z
    .int()
    .min(-AMOUNT_MINOR_UNITS_MAX)
    .max(AMOUNT_MINOR_UNITS_MAX)
    .refine((amount) => amount !== 0, 'send an amount other than 0')
    .describe('Signed: a negative amount takes from the balance'),
  note: noteField.describe('Why: stays in the ledger for ever'),
});

const BalanceAnswer = z.object({ balance: z.int(), currency: z.string() }).meta({ id: 'Balance' });

const EntryAnswer = z
  .object({
    logId: z.int(),
    amount: z.int().describe('Signed'),
    beforeAmount: z.int(),
    afterAmount: z.int(),
    code: codeField,
    note: z.string().nullable(),
    refId: idField().nullable().describe('The payment, for PAYMENT and REFUND'),
    createdAt: instant,
  })
  .meta({ id: 'LedgerEntry' });

const entryCursor = keysetCursor(z.tuple([z.iso.datetime(), z.int().positive()]));

const ListEntries = z.object({
  from: instantField.optional().describe('Inclusive'),
  to: instantField.optional().describe('Exclusive'),
  code: codeField.optional(),
  refId: idParam<PaymentId>().optional(),
  cursor: entryCursor.param.optional(),
  limit: limitParam,
});

@ApiTags('balance')
@Controller('api/users/:id/balance')
export class BalanceController {
  constructor(
    private readonly changeBalance: ChangeBalanceUseCase,
    private readonly accounts: AccountQueries,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get()
  @Route({ summary: 'The balance', answer: BalanceAnswer })
  async read(@UserParam() userId: UserId) {
    const profile = await this.accounts.profile(userId);
    return this.answer(orProblem(profile ? ok(profile) : userNotFound(userId)).balance);
  }

  @Get('logs')
  @Route({ summary: 'The history of the balance, newest first', answer: pageOf(EntryAnswer) })
  async logs(@UserParam() userId: UserId, @Query({ schema: ListEntries }) { cursor, limit, ...filter }: z.output<typeof ListEntries>) {
    const after = cursor && { createdAt: cursor[0], logId: cursor[1] };
    const rows = await this.accounts.entries(userId, { ...filter, after, rowsMax: limit + 1 });
    return entryCursor.page(
      orProblem(rows ? ok(rows) : userNotFound(userId)),
      limit,
      (row) => [row.createdAt.toISOString(), row.logId],
      entryAnswer,
    );
  }

  @Post('charges')
  @OperatorOnly()
  @Idempotent()
  @Route({ summary: 'Top up a balance', answer: BalanceAnswer, status: 201, problems: ['USER_NOT_FOUND', 'BALANCE_LIMIT_EXCEEDED'] })
  charge(
    @CurrentUser() { userId: actorId }: Caller,
    @UserParam() userId: UserId,
    @IdempotencyKey() idempotencyKey: string | null,
    @Body({ schema: Charge }) { amount, note }: z.output<typeof Charge>,
  ) {
    return this.change({ code: 'CHARGE', userId, actorId, idempotencyKey, amount: money(amount), note: note ?? null });
  }

  @Post('adjustments')
  @OperatorOnly()
  @Idempotent()
  @Route({
    summary: 'Correct a balance by hand, up or down',
    answer: BalanceAnswer,
    status: 201,
    problems: ['USER_NOT_FOUND', 'INSUFFICIENT_BALANCE', 'BALANCE_LIMIT_EXCEEDED'],
  })
  adjust(
    @CurrentUser() { userId: actorId }: Caller,
    @UserParam() userId: UserId,
    @IdempotencyKey() idempotencyKey: string | null,
    @Body({ schema: Adjustment }) { amount, note }: z.output<typeof Adjustment>,
  ) {
    return this.change({ code: 'ADJUST', userId, actorId, idempotencyKey, amount: money(amount), note });
  }

  private async change(posting: ManualPosting) {
    return this.answer(toJson(orProblem(await this.changeBalance.execute(posting)).balance));
  }

  private answer(balance: number) {
    return { balance, currency: this.config.currency.code };
  }
}

const entryAnswer = (row: EntryRow) => ({ ...row, createdAt: row.createdAt.toISOString() });

const userNotFound = (userId: UserId) => refuse('USER_NOT_FOUND', `there is no user ${userId}`);
