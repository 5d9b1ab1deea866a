import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AllowRole } from '../../http/api-key.guard.js';
import { idField } from '../../http/fields.js';
import { Database } from '../../persistence/database.js';
import { policyRowOf } from '../policy-row.js';
import { contactsOf } from './contacts.js';
import { beliefHistory, beliefsOf } from './beliefs.js';
import { explorationLedgerOf } from './exploration-ledger.js';
import { gainOf } from './gain.js';
import { incrementalityOf } from './incrementality.js';
import { propensitiesOf } from './propensities.js';
import { rewardDelayOf } from './reward-delay.js';

const MOST_DAYS = 90;
const daysField = z.coerce.number().int().min(1).max(MOST_DAYS);

const subjectSchema = z.strictObject({ subject: idField.optional() });
const daysSchema = z.strictObject({ days: daysField.default(14) });
const gainSchema = z.strictObject({
  subject: idField.optional(),
  days: daysField.default(14),
  bucket: z.enum(['hour', 'day']).default('hour'),
});

const monthSchema = z.strictObject({ days: daysField.default(30) });
const liftSchema = z.strictObject({ subject: idField.optional(), days: daysField.default(30) });

type Subject = z.output<typeof subjectSchema>;
type Days = z.output<typeof daysSchema>;
type Gain = z.output<typeof gainSchema>;
type Lift = z.output<typeof liftSchema>;

const since = (days: number): Date => new Date(Date.now() - days * 86_400_000);

/** What a policy believes, how it explores, and what that costs: reads from facts and snapshots. */
@ApiTags('policies')
@Controller('v1/policies/:id')
@AllowRole('secret')
export class PolicyInsightsController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get('beliefs')
  @ApiOperation({
    summary: 'What the serving snapshot believes about the actions of the newest request (about a subject)',
  })
  async beliefs(@Param('id') id: string, @Query({ schema: subjectSchema }) query: Subject) {
    return beliefsOf(this.db, await policyRowOf(this.db, id), query.subject ?? null);
  }

  @Get('beliefs/history')
  @ApiOperation({ summary: 'The same request answered by earlier snapshots: how sure the policy has become' })
  async history(@Param('id') id: string, @Query({ schema: subjectSchema }) query: Subject) {
    return beliefHistory(this.db, await policyRowOf(this.db, id), query.subject ?? null);
  }

  @Get('propensities')
  @ApiOperation({ summary: 'Histogram of the logged propensities, effective sample size, largest weight' })
  async propensities(@Param('id') id: string, @Query({ schema: daysSchema }) { days }: Days) {
    return propensitiesOf(this.db, await policyRowOf(this.db, id), since(days));
  }

  @Get('gain')
  @ApiOperation({ summary: 'Reward earned beyond what uniform choices would have earned, cumulated' })
  async gain(@Param('id') id: string, @Query({ schema: gainSchema }) query: Gain) {
    const { bucket, days, subject } = query;
    const range = { since: since(days), bucket, subject: subject ?? null };
    return gainOf(this.db, await policyRowOf(this.db, id), range);
  }

  @Get('reward-delay')
  @ApiOperation({ summary: 'How long after a decision its first counting outcome comes; what is still open' })
  async rewardDelay(@Param('id') id: string, @Query({ schema: daysSchema }) { days }: Days) {
    return rewardDelayOf(this.db, await policyRowOf(this.db, id), since(days));
  }

  @Get('exploration-ledger')
  @ApiOperation({ summary: 'What exploration cost, in units of the reward, day by day' })
  async ledger(@Param('id') id: string, @Query({ schema: daysSchema }) { days }: Days) {
    return explorationLedgerOf(this.db, await policyRowOf(this.db, id), since(days));
  }

  @Get('contacts')
  @ApiOperation({
    summary: 'Of a policy that sends messages: how many were sent, and what stood in the way of the others',
  })
  async contacts(@Param('id') id: string, @Query({ schema: monthSchema }) { days }: Days) {
    return contactsOf(this.db, await policyRowOf(this.db, id), since(days));
  }

  @Get('incrementality')
  @ApiOperation({
    summary: 'What showing brings: outcomes of what was shown against what was withheld by lot, per action',
  })
  async incrementality(@Param('id') id: string, @Query({ schema: liftSchema }) query: Lift) {
    const range = { since: since(query.days), subject: query.subject ?? null };
    return incrementalityOf(this.db, await policyRowOf(this.db, id), range);
  }
}
