import { Catch, Logger } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemDocument, problemFrom } from './problem.js';

/** Every error leaves as application/problem+json (RFC 9457); unknown ones tell the log, not the client. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    sendProblem(error, request, reply, this.logger);
  }
}

export function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): void {
  const problem = problemFrom(error);
  if (problem.status >= 500) {
    const cause = error as Error;
    logger.error(`${request.id} ${cause.message}`, cause.stack);
  }
  if (reply.sent) return;
  for (const [name, value] of Object.entries(problem.headers)) void reply.header(name, value);
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="marquee"');
  void reply
    .status(problem.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(problemDocument(problem, request.id)));
}
