import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AllowRole } from '../http/api-key.guard.js';
import { Problem } from '../http/problem.js';
import { CounterfactualQuestions } from './counterfactual.js';
import type { CounterfactualAnswer } from './counterfactual.js';
import { ReplayLog } from './replay-log.js';
import type { ReplayPage } from './replay-log.js';
import { counterfactualSchema, replaySchema } from './replay.schemas.js';
import type { Counterfactual, ReplayBody } from './replay.schemas.js';

/** Replays of this process at a time; each takes a share of the processor from serving. */
const MOST_AT_ONCE = 2;

/** Questions about what would have been decided; they change nothing, whatever the method says. */
@Controller('v1')
@AllowRole('secret')
export class ReplaysController {
  private running = 0;

  constructor(
    @Inject(CounterfactualQuestions) private readonly questions: CounterfactualQuestions,
    @Inject(ReplayLog) private readonly log: ReplayLog,
  ) {}

  @Post('decisions/:id/counterfactual')
  @HttpCode(200)
  @ApiTags('decisions')
  @ApiOperation({
    summary: 'The same decision with something changed: probabilities, scores and choice before and after',
  })
  counterfactual(
    @Param('id') id: string,
    @Body({ schema: counterfactualSchema }) body: Counterfactual,
  ): Promise<CounterfactualAnswer> {
    return this.questions.ask(id, body);
  }

  @Post('policies/:id/replay')
  @HttpCode(200)
  @ApiTags('policies')
  @ApiOperation({ summary: "Put a policy's logged requests through a candidate, page by page" })
  async replay(
    @Param('id') id: string,
    @Body({ schema: replaySchema }) body: ReplayBody,
  ): Promise<ReplayPage> {
    if (this.running >= MOST_AT_ONCE) {
      throw new Problem(429, 'too_many_requests', 'Two replays are running already; try again.', [], {
        'retry-after': '2',
      });
    }
    this.running++;
    try {
      return await this.log.page(id, body);
    } finally {
      this.running--;
    }
  }
}
