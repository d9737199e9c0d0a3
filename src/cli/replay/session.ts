import { z } from 'zod';
import { ReplayError } from './replay-error.js';
import { type Answer, type Call, codeOf, read, type ShopApi } from './shop-api.js';

const RENEW_BEFORE_END_MS = 60_000;

export const LoggedIn = z.object({ userId: z.int(), accessToken: z.string(), expiresIn: z.number() });

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** Somebody who is logged in, and stays so: access tokens live for minutes, replays for hours. */
export class Session {
  private renewing: Promise<void> | undefined;
  private renewAt: number;

  constructor(
    private readonly api: ShopApi,
    private readonly credentials: Credentials,
    private tokens: z.output<typeof LoggedIn>,
  ) {
    this.renewAt = renewalOf(tokens);
  }

  /** @throws ReplayError when the shop does not know these credentials */
  static async open(api: ShopApi, credentials: Credentials): Promise<Session> {
    return new Session(api, credentials, await logIn(api, credentials));
  }

  get userId(): number {
    return this.tokens.userId;
  }

  async call(call: Call, lookUp?: () => Promise<Answer | undefined>): Promise<Answer> {
    if (performance.now() > this.renewAt) await this.renew();
    const answer = await this.api.call({ ...call, token: this.tokens.accessToken }, lookUp);
    if (answer.status !== 401) return answer;
    await this.renew();
    return this.api.call({ ...call, token: this.tokens.accessToken }, lookUp);
  }

  async must<Body>(status: number, schema: z.ZodType<Body>, call: Call, lookUp?: () => Promise<Answer | undefined>): Promise<Body> {
    return read(await this.call(call, lookUp), status, schema, call);
  }

  /** Logs in anew: unlike an exchange of refresh tokens, that can be repeated after a lost answer. */
  private renew(): Promise<void> {
    this.renewing ??= logIn(this.api, this.credentials)
      .then((tokens) => {
        this.tokens = tokens;
        this.renewAt = renewalOf(tokens);
      })
      .finally(() => (this.renewing = undefined));
    return this.renewing;
  }
}

const renewalOf = ({ expiresIn }: z.output<typeof LoggedIn>): number => performance.now() + expiresIn * 1_000 - RENEW_BEFORE_END_MS;

async function logIn(api: ShopApi, { email, password }: Credentials): Promise<z.output<typeof LoggedIn>> {
  const call: Call = { method: 'POST', path: '/api/auth/login', body: { email, password } };
  const answer = await api.call(call);
  if (codeOf(answer) === 'INVALID_CREDENTIALS') {
    throw new ReplayError(`The shop at ${api.url} does not let ${email} in with this password.`);
  }
  return read(answer, 200, LoggedIn, call);
}
