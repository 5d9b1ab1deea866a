import { Module } from '@nestjs/common';
import { HealthController } from './health.controller.js';
import { PrometheusController } from './metrics.controller.js';
import { MetricsExporter } from './metrics-exporter.js';
import { OperationsController } from './operations.controller.js';
import { OperationsService } from './operations.service.js';
import { QuarantineService } from './quarantine.service.js';

/** Health, metrics and the operations page. */
@Module({
  controllers: [OperationsController, HealthController, PrometheusController],
  providers: [OperationsService, QuarantineService, MetricsExporter],
})
export class OperationsModule {}
