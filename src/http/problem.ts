import { z } from 'zod';
import { type Refusal, type Result } from '../kernel/result.js';
import { statusOfCode, titleOfCode, typeOfCode } from './problem-codes.js';

/** One wrong field: `path` as a client writes it (`items[0].quantity`), `message` as the remedy. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json; charset=utf-8';

/** RFC 9457 problem details. A refusal's details stand beside the standard members, such as `required` and `balance`. */
export const Problem = z
  .looseObject({
    type: z.string().describe('Names the kind of problem; a URN, so not to be fetched'),
    title: z.string().describe('The kind of problem in words; the same at every occurrence'),
    status: z.int().min(400).max(599),
    detail: z.string().describe('What went wrong this time, for people'),
    instance: z.string().describe('The path that was asked for'),
    code: z.string().describe('Stable and meant for programs'),
    traceId: z.string().describe('Finds the request in the logs'),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .describe('The wrong fields, with VALIDATION_FAILED'),
  })
  .meta({ id: 'Problem' });
export type Problem = z.output<typeof Problem>;

interface ProblemOptions {
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A refusal on its way out. Thrown at the presentation edge only; code below it returns the refusal as a value.
 * It carries no stack trace: a sold-out coupon is refused thousands of times a second, and no fault is to be found.
 */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly refusal: Refusal;
  readonly status: number;
  readonly errors: readonly FieldError[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(refusal: Refusal, options: ProblemOptions = {}) {
    const framesMax = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(refusal.message);
    Error.stackTraceLimit = framesMax;
    this.refusal = refusal;
    this.status = statusOfCode(refusal.code);
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }
}

/** `orProblem(await this.payOrder.execute(command))`: the value, or the refusal as the answer of this request. */
export function orProblem<Value>(result: Result<Value>): Value {
  if (result.ok) return result.value;
  throw new ProblemError(result.refusal);
}

export const validationFailed = (errors: readonly FieldError[]): ProblemError =>
  new ProblemError({ code: 'VALIDATION_FAILED', message: summaryOf(errors) }, { errors });

const summaryOf = (errors: readonly FieldError[]): string =>
  errors
    .map(({ path, message }) => `${path}: ${message}`)
    .slice(0, 3)
    .join('; ') || 'the request is not valid';

/** The body of a problem answer. Standard members win over details of the same name. */
export const problemBody = (error: ProblemError, request: { readonly path: string; readonly traceId: string }): Problem => ({
  ...error.refusal.details,
  type: typeOfCode(error.refusal.code),
  title: titleOfCode(error.refusal.code),
  status: error.status,
  detail: error.refusal.message,
  instance: request.path,
  code: error.refusal.code,
  traceId: request.traceId,
  ...(error.errors && { errors: [...error.errors] }),
});
