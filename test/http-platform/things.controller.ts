import { setTimeout as sleep } from 'node:timers/promises';
import { Body, Controller, Delete, Get, Injectable, Module, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';
import { z } from 'zod';
import { ShedLast } from '../../src/http/admission/shed-last.js';
import { type Caller, CurrentUser, OperatorOnly, Public, UserParam } from '../../src/http/auth/caller.js';
import { TokenService } from '../../src/http/auth/token-service.js';
import { Idempotent, IdempotencyKey } from '../../src/http/idempotency/idempotent.js';
import { keysetCursor, pageOf } from '../../src/http/keyset-cursor.js';
import { LiveStreams } from '../../src/http/live-streams.js';
import { orProblem, ProblemError } from '../../src/http/problem.js';
import { declareProblems } from '../../src/http/problem-codes.js';
import { RateLimit } from '../../src/http/rate-limit/rate-limit.guard.js';
import { Route } from '../../src/http/route.js';
import { idField, idParam, instantField, limitParam, quantityField, textField } from '../../src/http/schemas.js';
import { Overloaded } from '../../src/kernel/faults.js';
import { type OrderId, type ProductOptionId, type UserId } from '../../src/kernel/ids.js';
import { ok, refuse } from '../../src/kernel/result.js';

declareProblems({ THING_BROKEN: 422 });

const TWELVE_LEFT = { code: 'INSUFFICIENT_STOCK', message: 'there are 12 left', details: { available: 12, status: 'never this' } };

const PlaceThing = z.object({
  items: z
    .array(z.object({ productOptionId: idField<ProductOptionId>(), quantity: quantityField }))
    .min(1)
    .max(100),
  note: textField({ max: 50 }).optional(),
  at: instantField.optional(),
});
const Placed = z.object({ thingId: idField(), pieces: z.int(), run: z.int(), key: z.string().nullable() }).meta({ id: 'Placed' });
const Thing = z.object({ thingId: idField<OrderId>(), owner: z.int() }).meta({ id: 'Thing' });
const Numbered = z.object({ number: z.int() });
const Optional = z.object({ couponId: idField().optional() });
const numberCursor = keysetCursor(z.tuple([z.int()]));
const NumbersQuery = z.object({ cursor: numberCursor.param.optional(), limit: limitParam, kind: z.enum(['odd', 'all']).default('all') });
const Login = z.object({ email: z.string() });

/** What the handlers did, for tests to look at, and a gate that holds `slow` until it is opened. */
@Injectable()
export class Doings {
  runs = 0;
  private gate = Promise.withResolvers<void>();
  entered = Promise.withResolvers<void>();

  async wait(): Promise<void> {
    this.entered.resolve();
    await this.gate.promise;
  }

  open(): void {
    this.gate.resolve();
  }

  close(): void {
    this.gate = Promise.withResolvers();
    this.entered = Promise.withResolvers();
  }
}

@ApiTags('things')
@Controller('api/things')
export class ThingsController {
  constructor(
    private readonly doings: Doings,
    private readonly streams: LiveStreams,
  ) {}

  @Post()
  @Idempotent()
  @Route({ summary: 'Place a thing', answer: Placed, status: 201, problems: ['INSUFFICIENT_STOCK'] })
  place(@Body({ schema: PlaceThing }) { items }: z.output<typeof PlaceThing>, @IdempotencyKey() key: string | null) {
    this.doings.runs++;
    const pieces = items.reduce((sum, { quantity }) => sum + quantity, 0);
    if (pieces === 13) throw new ProblemError(TWELVE_LEFT);
    if (pieces === 500) throw new Error('secret: the password is hunter2');
    return { thingId: 7, pieces, run: this.doings.runs, key };
  }

  @Post('slow')
  @Idempotent()
  @ShedLast()
  @Route({ summary: 'Wait for the test', answer: Numbered })
  async slow() {
    this.doings.runs++;
    await this.doings.wait();
    return { number: this.doings.runs };
  }

  @Post('optional')
  @Route({ summary: 'All fields are optional', answer: Optional, alternatives: { 202: Optional } })
  optional(@Body({ schema: Optional }) body: z.output<typeof Optional>, @Res({ passthrough: true }) reply: FastifyReply) {
    if (body.couponId === 2) void reply.status(202);
    return body;
  }

  @Get('numbers')
  @Route({ summary: 'A list in pages', answer: pageOf(Numbered) })
  numbers(@Query({ schema: NumbersQuery }) { cursor, limit, kind }: z.output<typeof NumbersQuery>) {
    const all = Array.from({ length: 25 }, (_, index) => index + 1).filter((number) => kind === 'all' || number % 2 === 1);
    const rows = all.filter((number) => number > (cursor?.[0] ?? 0)).slice(0, limit + 1);
    return numberCursor.page(
      rows,
      limit,
      (number) => [number],
      (number) => ({ number }),
    );
  }

  @Get(':id')
  @Route({ summary: 'One thing', answer: Thing, problems: ['ORDER_NOT_FOUND', 'THING_BROKEN'] })
  one(@CurrentUser() caller: Caller, @Param('id', { schema: idParam<OrderId>() }) id: OrderId) {
    if (id === 666) throw new ProblemError({ code: 'THING_BROKEN', message: 'it fell' });
    return orProblem(id > 100 ? refuse('ORDER_NOT_FOUND', `there is no order ${id}`) : ok({ thingId: id, owner: caller.userId }));
  }

  @Delete(':id')
  @OperatorOnly()
  @Route({ summary: 'Remove a thing' })
  remove(@Param('id', { schema: idParam<OrderId>() }) _id: OrderId) {}

  @Get(':id/events')
  @Route({ summary: 'Watch a thing', answer: Thing, stream: true, problems: ['ORDER_NOT_FOUND'] })
  events(@Param('id', { schema: idParam<OrderId>() }) id: OrderId, @Res() reply: FastifyReply): void {
    if (id > 100) throw new ProblemError({ code: 'ORDER_NOT_FOUND', message: `there is no order ${id}` });
    const stream = this.streams.start(reply);
    stream.send({ id, event: 'status', data: { thingId: id, owner: 1 } });
    if (id === 1) stream.end();
  }
}

@ApiTags('things')
@Controller('api/users/:id/things')
export class UserThingsController {
  @Get()
  @Route({ summary: 'Whose things?', answer: Numbered })
  of(@UserParam() userId: UserId) {
    return { number: userId };
  }
}

@Public()
@ApiTags('faults')
@Controller('api/faults')
export class FaultsController {
  constructor(private readonly tokens: TokenService) {}

  @Get(':kind')
  @Route({ summary: 'Break', answer: Numbered })
  async fault(
    @Param('kind', { schema: z.enum(['error', 'text', 'overload', 'database', 'bigint', 'late']) }) kind: string,
  ): Promise<{ number: number }> {
    if (kind === 'error') throw new TypeError('secret table shop_user.account');
    // oxlint-disable-next-line typescript/only-throw-error -- what a careless library may do
    if (kind === 'text') throw 'secret text';
    if (kind === 'overload') throw new Overloaded('payments', 3);
    if (kind === 'database') throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:5432'), { code: 'ECONNREFUSED' });
    if (kind === 'late') await sleep(1).then(() => Promise.reject(new Error('secret and late')));
    return { number: 1n as unknown as number };
  }

  @Post('login')
  @RateLimit({ perMinute: 3, by: 'email' })
  @Route({
    summary: 'A login',
    answer: z.object({ accessToken: z.string(), refreshToken: z.string(), expiresIn: z.int() }),
    problems: ['INVALID_CREDENTIALS'],
  })
  login(@Body({ schema: Login }) body: z.output<typeof Login>) {
    if (body.email === 'nobody') throw new ProblemError({ code: 'INVALID_CREDENTIALS', message: 'who are you?' });
    return this.tokens.issue({ userId: 1 as UserId, role: 'customer' });
  }
}

@Module({ controllers: [ThingsController, UserThingsController, FaultsController], providers: [Doings] })
export class ThingsModule {}
