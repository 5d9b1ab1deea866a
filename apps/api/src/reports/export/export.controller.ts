import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { AllowRole } from '../../http/api-key.guard.js';
import { LiftReports } from '../lift-reports.js';
import { reportQuerySchema } from '../report.schemas.js';
import { EXPORT_FORMATS, exportReport } from './export-report.js';
import type { ExportFormat } from './export-report.js';

const exportQuerySchema = reportQuerySchema.extend({
  format: z.enum(Object.keys(EXPORT_FORMATS) as [ExportFormat, ...ExportFormat[]]),
});
type ExportQuery = z.output<typeof exportQuerySchema>;

@ApiTags('reports')
@Controller('v1/experiments/:key/report/export')
@AllowRole('secret')
export class ExportController {
  constructor(@Inject(LiftReports) private readonly reports: LiftReports) {}

  @Get()
  @ApiOperation({ summary: 'The report as a file: CSV, JSON, or a notebook that recomputes it' })
  async export(
    @Param('key') key: string,
    @Query({ schema: exportQuerySchema }) { format, ...query }: ExportQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const file = exportReport(await this.reports.report(key, query, new Date()), format);
    void reply
      .header('content-type', file.type)
      .header('content-disposition', `attachment; filename="${file.name}"`);
    return file.content;
  }
}
