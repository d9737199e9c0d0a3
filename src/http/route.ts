import { applyDecorators, HttpCode, SetMetadata } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse } from '@nestjs/swagger';
import { type z } from 'zod';

export const ROUTE = 'ordersaga:route';

/** What the documentation needs to know beyond Nest's own decorators. */
export interface RouteDescription {
  readonly summary: string;
  readonly problems: readonly string[];
}

interface RouteOptions<Answer extends z.ZodType, Other extends z.ZodType> {
  /** One line for the table of contents: `Pay an order`. */
  readonly summary: string;
  readonly description?: string;
  /** The body of the answer; without it the route answers 204. */
  readonly answer?: Answer;
  /** 200 unless told, 204 without an answer. */
  readonly status?: number;
  /** Answers with another status, which the handler sets by `reply.status(202)` (`@Res({ passthrough: true })`). */
  readonly alternatives?: Readonly<Record<number, Other>>;
  /** The codes that this route may refuse with. Validation, tokens, rate limits, idempotency and faults are added by themselves. */
  readonly problems?: readonly string[];
  /** A stream of server-sent events, whose `data` has the shape of `answer`. */
  readonly stream?: boolean;
}

type Handler<Value> = (...values: never[]) => Promise<Value> | Value;
type RouteDecorator<Value> = <Method extends Handler<Value>>(
  target: object,
  name: string | symbol,
  method: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Describes one route: its documentation, its status, and the type of its answer, which the compiler holds the
 * handler to. What comes in is declared where it comes in, by Nest's `@Body({ schema })`, `@Query({ schema })` and
 * `@Param('id', { schema })`.
 *
 * ```ts
 * const PlaceOrder = z.object({ items: z.array(z.object({ productOptionId: idField<ProductOptionId>(), quantity: quantityField })).min(1).max(100) });
 * const OrderAnswer = z.object({ orderId: idField<OrderId>(), totalAmount: z.int() }).meta({ id: 'Order' });
 *
 * @Controller('api/orders')
 * export class OrdersController {
 *   constructor(private readonly createOrder: CreateOrderUseCase) {}
 *
 *   @Post()
 *   @Idempotent()
 *   @Route({ summary: 'Place an order', answer: OrderAnswer, status: 201, problems: ['INSUFFICIENT_STOCK', 'EMPTY_CART'] })
 *   async place(@CurrentUser() caller: Caller, @Body({ schema: PlaceOrder }) body: z.output<typeof PlaceOrder>) {
 *     return orderAnswer(orProblem(await this.createOrder.execute({ userId: caller.userId, ...body })));
 *   }
 * }
 * ```
 */
export function Route(options: RouteOptions<z.ZodType, never> & { readonly stream: true }): RouteDecorator<void>;
export function Route<Answer extends z.ZodType = z.ZodVoid, Other extends z.ZodType = never>(
  options: RouteOptions<Answer, Other> & { readonly stream?: false },
): RouteDecorator<z.input<Answer> | z.input<Other>>;
export function Route(options: RouteOptions<z.ZodType, z.ZodType>): MethodDecorator {
  const { summary, description, answer, alternatives = {}, problems = [], stream = false } = options;
  const status = options.status ?? (answer ? 200 : 204);
  const answers: [number, z.ZodType | undefined][] = [
    [status, answer],
    ...Object.entries(alternatives).map(([other, schema]): [number, z.ZodType] => [Number(other), schema]),
  ];
  return applyDecorators(
    HttpCode(status),
    SetMetadata(ROUTE, { summary, problems } satisfies RouteDescription),
    ApiOperation({ summary, ...(description !== undefined && { description }) }),
    ...answers.map(([code, schema]) =>
      ApiResponse({ status: code, description: ANSWERS[code] ?? 'Answer', ...(schema && { standardSchema: schema }) }),
    ),
    ...(stream ? [ApiProduces('text/event-stream')] : []),
  );
}

const ANSWERS: Readonly<Record<number, string>> = {
  200: 'Done',
  201: 'Created',
  202: 'Accepted, and still under way',
  204: 'Done, nothing to say',
};
