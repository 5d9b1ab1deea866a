import { Catch, Logger } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorAnswer } from './error-dialects.js';
import type { ErrorAnswer } from './error-dialects.js';
import { problemFrom } from './problem.js';

/** Every error leaves as application/problem+json (RFC 9457), or as the path's protocol has it; unknown ones tell the log. */
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
  const answer = answerTo(error, request, logger);
  if (reply.sent) return;
  for (const [name, value] of Object.entries(answer.headers)) void reply.header(name, value);
  void reply
    .status(answer.status)
    .header('content-type', answer.contentType)
    .send(JSON.stringify(answer.body));
}

/** What an error answers; what is our own fault also tells the log. */
export function answerTo(
  error: unknown,
  request: { readonly id: string; readonly url: string },
  logger: Logger,
): ErrorAnswer {
  const problem = problemFrom(error);
  if (problem.status >= 500) {
    const cause = error as Error;
    logger.error(`${request.id} ${cause.message}`, cause.stack);
  }
  return errorAnswer(problem, request.url, request.id);
}
