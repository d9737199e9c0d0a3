import { type ArgumentsHost, Catch, type ExceptionFilter, Injectable, Logger } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { problemBody, PROBLEM_CONTENT_TYPE } from './problem.js';
import { problemOfError } from './problem-of-error.js';
import { RouteTable } from './route-table.js';

/** Every error of every request ends here and leaves as a problem; what is broken is logged under the request's trace id. */
@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  private readonly log = new Logger('http');

  constructor(private readonly routes: RouteTable) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const known = request.is404 ? (this.routes.wrongMethod(request) ?? error) : error;
    answerWithProblem(known, request, http.getResponse<FastifyReply>(), this.log);
  }
}

export function answerWithProblem(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Logger): void {
  const { problem, fault } = problemOfError(error);
  if (fault !== undefined) log.error({ err: fault, traceId: request.id, method: request.method, path: pathOf(request) }, 'request failed');
  if (reply.raw.headersSent || reply.sent) {
    // Half an answer is out already (a stream): ending the connection is the only way to say that it is not whole.
    reply.raw.destroy();
    return;
  }
  void reply
    .status(problem.status)
    .headers(problem.headers)
    .header('content-type', PROBLEM_CONTENT_TYPE)
    .header('cache-control', 'no-store')
    .send(problemBody(problem, { path: pathOf(request), traceId: request.id }));
}

/** Without the query, which may hold what does not belong into logs and answers. */
export const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0] ?? request.url;
