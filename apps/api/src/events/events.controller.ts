import { Body, Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AllowRole } from '../http/api-key.guard.js';
import { Problem, problemDocument } from '../http/problem.js';
import { EventIntake } from './event-intake.js';
import { eventsAnswerSchema, eventsBodySchema } from './events.schema.js';
import type { EventsAnswer } from './events.schema.js';

type JsonSchema = Parameters<typeof ApiBody>[0] extends infer O
  ? O extends { schema: infer S }
    ? S
    : never
  : never;
const jsonSchema = (schema: z.ZodType): JsonSchema => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest as JsonSchema;
};

@ApiTags('events')
@Controller('v1/events')
export class EventsController {
  constructor(@Inject(EventIntake) private readonly intake: EventIntake) {}

  @Post()
  @HttpCode(202)
  @AllowRole('publishable')
  @ApiOperation({
    summary: 'Send exposures and outcomes',
    description:
      '1 to 1000 events. Each is checked by itself: a bad one is listed in `rejected` and does not harm its neighbours. ' +
      '202 means that the accepted ones are durable. An event id counts once, however often it is sent.',
  })
  @ApiBody({ schema: jsonSchema(eventsBodySchema) })
  @ApiResponse({ status: 202, description: 'Accepted', schema: jsonSchema(eventsAnswerSchema) as never })
  @ApiResponse({
    status: 400,
    description: 'Not a batch of events, or none of them could be accepted (then with `rejected`)',
  })
  async post(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EventsAnswer | (ReturnType<typeof problemDocument> & EventsAnswer)> {
    const answer = await this.intake.take(body);
    if (answer.accepted > 0) return answer;
    // Nothing was accepted, so this is no 202; the problem document carries the same list.
    const problem = new Problem(
      400,
      'all_events_rejected',
      'None of the events could be accepted; see "rejected"',
      answer.rejected
        .slice(0, 20)
        .map(({ index, code, message }) => ({ pointer: `/events/${index}`, code, message })),
    );
    void reply.status(400).header('content-type', 'application/problem+json; charset=utf-8');
    return { ...problemDocument(problem, request.id), ...answer };
  }
}
