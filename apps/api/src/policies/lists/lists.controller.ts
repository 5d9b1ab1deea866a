import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AllowRole } from '../../http/api-key.guard.js';
import { idField, textField } from '../../http/fields.js';
import { Database } from '../../persistence/database.js';
import { policyRowOf } from '../policy-row.js';
import { diversityOf } from './diversity.js';
import { fairnessOf } from './fairness.js';

const fields = {
  days: z.coerce.number().int().min(1).max(90).default(14),
  top: z.coerce.number().int().min(1).max(100).default(20).describe('Places of a list that are looked at.'),
  feature: textField(100).min(1).default('genres').describe('Feature of the titles that makes groups.'),
};
const diversitySchema = z.strictObject(fields);
const fairnessSchema = z.strictObject({
  ...fields,
  segment: idField.optional().describe('Context attribute that makes segments.'),
  level: z.coerce.number().min(0.5).max(0.999).default(0.95),
  threshold: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .describe('Alarm where the worst group gets less than this share of the best.'),
  leastMembers: z.coerce
    .number()
    .int()
    .min(2)
    .max(1_000_000)
    .default(30)
    .describe('Members of a group before it is compared.'),
});
type Diversity = z.output<typeof diversitySchema>;
type Fairness = z.output<typeof fairnessSchema>;

const since = (days: number): Date => new Date(Date.now() - days * 86_400_000);

/** What a policy's lists look like, and who gets what. */
@ApiTags('policies')
@Controller('v1/policies/:id')
@AllowRole('secret')
export class PolicyListsController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get('diversity')
  @ApiOperation({
    summary:
      'Entropy, novelty, coverage, Gini, distance and overlap of the lists served; drift of members’ mixes',
  })
  async diversity(@Param('id') id: string, @Query({ schema: diversitySchema }) query: Diversity) {
    await policyRowOf(this.db, id);
    return diversityOf(this.db, id, since(query.days), query);
  }

  @Get('fairness')
  @ApiOperation({ summary: 'Exposure and reward by segment and group of titles; worst against best' })
  async fairness(@Param('id') id: string, @Query({ schema: fairnessSchema }) query: Fairness) {
    await policyRowOf(this.db, id);
    const { days, segment = null, ...terms } = query;
    return fairnessOf(this.db, id, since(days), { ...terms, segment });
  }
}
