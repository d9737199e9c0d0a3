import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.js';
import { OperatorOnly, UserParam } from '../../http/auth/caller.js';
import { keysetCursor, pageOf } from '../../http/keyset-cursor.js';
import { orProblem } from '../../http/problem.js';
import { Route } from '../../http/route.js';
import { idField, instant, limitParam, textField } from '../../http/schemas.js';
import type { UserId } from '../../kernel/ids.js';
import { ok, refuse } from '../../kernel/result.js';
import { AccountQueries, type ProfileRow } from '../application/account-queries.port.js';
import { normalisedEmail } from '../domain/account.js';

const EMAIL_CHARACTERS_MAX = 254;

const ProfileAnswer = z
  .object({
    userId: idField(),
    email: z.string(),
    role: z.enum(['customer', 'operator']),
    balance: z.int(),
    currency: z.string(),
    createdAt: instant,
  })
  .meta({ id: 'Profile' });

const profileCursor = keysetCursor(z.string().max(EMAIL_CHARACTERS_MAX));

const FindUsers = z.object({
  email: textField({ max: EMAIL_CHARACTERS_MAX }).optional().describe('What the address begins with'),
  cursor: profileCursor.param.optional(),
  limit: limitParam,
});

@ApiTags('users')
@Controller('api')
export class UsersController {
  constructor(
    private readonly accounts: AccountQueries,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get('users/:id')
  @Route({ summary: 'Who I am', answer: ProfileAnswer })
  async profile(@UserParam() userId: UserId) {
    const profile = await this.accounts.profile(userId);
    return this.answer(orProblem(profile ? ok(profile) : refuse('USER_NOT_FOUND', `there is no user ${userId}`)));
  }

  @Get('admin/users')
  @OperatorOnly()
  @Route({ summary: 'Find users by their e-mail address', answer: pageOf(ProfileAnswer) })
  async find(@Query({ schema: FindUsers }) { email = '', cursor = '', limit }: z.output<typeof FindUsers>) {
    const rows = await this.accounts.profiles({ emailPrefix: normalisedEmail(email), afterEmail: cursor, rowsMax: limit + 1 });
    return profileCursor.page(
      rows,
      limit,
      (row) => row.email,
      (row) => this.answer(row),
    );
  }

  private answer({ userId, email, role, balance, createdAt }: ProfileRow) {
    return { userId, email, role, balance, currency: this.config.currency.code, createdAt: createdAt.toISOString() };
  }
}
