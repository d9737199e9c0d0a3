import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { type Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { problemBody, PROBLEM_CONTENT_TYPE, ProblemError, validationFailed } from './problem.js';
import { answerWithProblem } from './problem.filter.js';
import { API_HEADERS } from './security-headers.js';

/** Errors of the router, before any hook or filter has seen the request. */
export function answerRouterError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  void reply.headers({ ...API_HEADERS, 'x-request-id': request.id });
  answerWithProblem(error, request, reply, new Logger('http'));
}

/** HTTP/1.1 asks for it. In place of Node's own check, which answers without a problem. */
export function requireHost(server: FastifyInstance): void {
  server.addHook('onRequest', (request, _reply, done) => {
    if (request.headers.host !== undefined || request.raw.httpVersion === '1.0') done();
    else done(validationFailed([{ path: 'Host', message: 'send the header that HTTP/1.1 asks for' }]));
  });
}

/** Errors of Node's HTTP parser: there is no request yet, only bytes on a socket, so the answer is written as bytes. */
export function answerParserError(error: NodeJS.ErrnoException, socket: Socket): void {
  // The client is gone, or an answer is under way on this connection: more bytes would be taken for part of it.
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const problem = problemOfParser(error.code);
  const body = JSON.stringify(problemBody(problem, { path: '/', traceId: randomUUID() }));
  const headers = {
    ...API_HEADERS,
    'content-type': PROBLEM_CONTENT_TYPE,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

function problemOfParser(code: string | undefined): ProblemError {
  if (code === 'HPE_HEADER_OVERFLOW') return new ProblemError({ code: 'HEADERS_TOO_LARGE', message: 'the headers may have 16 KiB in all' });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new ProblemError({ code: 'REQUEST_TIMEOUT', message: 'the request took too long to arrive' });
  }
  return validationFailed([{ path: 'request', message: 'send a valid HTTP/1.1 request' }]);
}
