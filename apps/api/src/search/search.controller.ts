import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AllowRole } from '../http/api-key.guard.js';
import { Database } from '../persistence/database.js';
import { policyRowOf } from '../policies/policy-row.js';
import { searchLogOf } from './search-log.js';
import { searchesSchema, trySearchSchema } from './search.schemas.js';
import type { SearchesQuery, TrySearchBody } from './search.schemas.js';
import { TrySearch } from './try-search.js';

/** What a policy finds for a query, and what members searched for. */
@ApiTags('policies')
@Controller('v1/policies/:id')
@AllowRole('secret')
export class SearchController {
  constructor(
    @Inject(TrySearch) private readonly tries: TrySearch,
    @Inject(Database) private readonly db: Database,
  ) {}

  @Post('search')
  @HttpCode(200)
  @ApiOperation({ summary: 'What the policy finds for a query, and why; records no decision' })
  search(@Param('id') id: string, @Body({ schema: trySearchSchema }) body: TrySearchBody) {
    return this.tries.search(id, body);
  }

  @Get('searches')
  @ApiOperation({ summary: 'Queries of members, with those that found nothing or led to no play' })
  async searches(@Param('id') id: string, @Query({ schema: searchesSchema }) query: SearchesQuery) {
    return searchLogOf(this.db, await policyRowOf(this.db, id), query);
  }
}
