import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AllowRole } from '../http/api-key.guard.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import { readAudits } from './policy-audits.js';
import type { PolicyAuditView } from './policy-audits.js';

const auditSchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(24),
});
type AuditQuery = z.output<typeof auditSchema>;

@ApiTags('policies')
@Controller('v1/policies/:id/audit')
export class PolicyAuditsController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get()
  @AllowRole('secret')
  @ApiOperation({ summary: 'Audits of the logged propensities, the newest first' })
  async list(
    @Param('id') id: string,
    @Query({ schema: auditSchema }) { limit }: AuditQuery,
  ): Promise<{ items: PolicyAuditView[] }> {
    const [policy] = await this.db.query(`select from policy where id = $1`, [id]);
    if (!policy) throw Problem.notFound('The policy', id);
    return { items: await readAudits(this.db, id, limit) };
  }
}
