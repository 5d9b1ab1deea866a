import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AllowRole } from '../http/api-key.guard.js';
import { Database } from '../persistence/database.js';
import { clusterReport } from './clusters.js';
import { ReportStore } from './report-store.js';

@ApiTags('reports')
@Controller('v1/experiments/:key')
@AllowRole('secret')
export class ClustersController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ReportStore) private readonly store: ReportStore,
  ) {}

  @Get('report/clusters')
  @ApiOperation({
    summary: 'Arms that were assigned by cluster: means over units with cluster-robust intervals',
  })
  clusters(@Param('key') key: string) {
    return clusterReport(this.db, this.store, key, new Date());
  }
}
