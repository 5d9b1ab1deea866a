import { Module } from '@nestjs/common';
import { Maintenance } from './maintenance.js';
import { MaintenanceProcessor } from './maintenance.processor.js';

/** Housekeeping, from the queue. */
@Module({ providers: [Maintenance, MaintenanceProcessor] })
export class MaintenanceModule {}
