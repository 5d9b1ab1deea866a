import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { limitField, textField } from '../http/fields.js';
import { Database } from '../persistence/database.js';

const listAuditSchema = z.strictObject({
  limit: limitField,
  /** Id of the last row of the page before: rows older than it follow. */
  before: z
    .string()
    .regex(/^\d{1,18}$/, 'must be the id of an audit row')
    .optional(),
  entity: textField(50).optional(),
  entityKey: textField(256).optional(),
});
type ListAudit = z.output<typeof listAuditSchema>;

const LIST = `
select id::text as id, at, actor, action, entity, entity_key as "entityKey", before, after, request_id as "requestId"
from audit
where ($1::bigint is null or id < $1) and ($2::text is null or entity = $2) and ($3::text is null or entity_key = $3)
order by audit.id desc limit $4`;

@ApiTags('access')
@Controller('v1/audit')
export class AuditController {
  constructor(@Inject(Database) private readonly db: Database) {}

  @Get()
  @ApiOperation({ summary: 'Who changed what, the latest first' })
  async list(@Query({ schema: listAuditSchema }) query: ListAudit) {
    const { before = null, entity = null, entityKey = null, limit } = query;
    const items = await this.db.query<{ id: string }>(LIST, [before, entity, entityKey, limit]);
    return { items, nextCursor: items.length === limit ? (items.at(-1)?.id ?? null) : null };
  }
}
