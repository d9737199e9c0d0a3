import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { ShedLast } from '../../http/admission/shed-last.js';
import { Public } from '../../http/auth/caller.js';
import { orProblem } from '../../http/problem.js';
import { RateLimit } from '../../http/rate-limit/rate-limit.guard.js';
import { Route } from '../../http/route.js';
import { emailField, idField } from '../../http/schemas.js';
import { LogInUseCase } from '../application/log-in.use-case.js';
import { LogOutUseCase } from '../application/log-out.use-case.js';
import { RefreshSessionUseCase } from '../application/refresh-session.use-case.js';
import { SignUpUseCase } from '../application/sign-up.use-case.js';
import { PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN } from '../domain/account.js';

/** Per address and network: room for a person who mistypes, none for a guesser. */
const LOGINS_PER_MINUTE_MAX = 30;
const REFRESH_TOKEN_CHARACTERS_MAX = 2_000;

const SignUp = z.object({ email: emailField, password: z.string().min(PASSWORD_CHARACTERS_MIN).max(PASSWORD_CHARACTERS_MAX) });
const LogIn = z.object({ email: emailField, password: z.string().min(1).max(PASSWORD_CHARACTERS_MAX) });
const Refresh = z.object({ refreshToken: z.string().min(1).max(REFRESH_TOKEN_CHARACTERS_MAX) });

const LoggedInAnswer = z
  .object({
    userId: idField(),
    role: z.enum(['customer', 'operator']),
    accessToken: z.string().describe('Send it as `Authorization: Bearer …`'),
    refreshToken: z.string().describe('Exchange it for new tokens, once; keep it secret'),
    expiresIn: z.int().describe('Seconds that the access token lives'),
  })
  .meta({ id: 'LoggedIn' });

@ApiTags('auth')
@Public()
@Controller('api/auth')
export class AuthController {
  constructor(
    private readonly signUp: SignUpUseCase,
    private readonly logIn: LogInUseCase,
    private readonly refreshSession: RefreshSessionUseCase,
    private readonly logOut: LogOutUseCase,
  ) {}

  @Post('signup')
  @Route({ summary: 'Open an account', answer: LoggedInAnswer, status: 201, problems: ['EMAIL_TAKEN'] })
  async signup(@Body({ schema: SignUp }) body: z.output<typeof SignUp>) {
    return orProblem(await this.signUp.execute(body));
  }

  @Post('login')
  @ShedLast()
  @RateLimit({ perMinute: LOGINS_PER_MINUTE_MAX, by: 'email' })
  @Route({ summary: 'Log in', answer: LoggedInAnswer, problems: ['INVALID_CREDENTIALS'] })
  async login(@Body({ schema: LogIn }) body: z.output<typeof LogIn>) {
    return orProblem(await this.logIn.execute(body));
  }

  @Post('refresh')
  @ShedLast()
  @Route({
    summary: 'Exchange a refresh token for new tokens',
    description: 'Each refresh token is good for one exchange. One that comes back later was stolen: its session ends.',
    answer: LoggedInAnswer,
    problems: ['UNAUTHENTICATED'],
  })
  async refresh(@Body({ schema: Refresh }) body: z.output<typeof Refresh>) {
    return orProblem(await this.refreshSession.execute(body));
  }

  @Post('logout')
  @Route({ summary: 'End a session', description: 'The access token stays good for the minutes it has left.' })
  async logout(@Body({ schema: Refresh }) body: z.output<typeof Refresh>): Promise<void> {
    await this.logOut.execute(body);
  }
}
