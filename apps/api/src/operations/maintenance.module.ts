import { Module } from '@nestjs/common';
import { Database } from '../persistence/database.js';
import { PolicyAudits } from '../policy-audits/policy-audits.js';
import { Maintenance } from './maintenance.js';
import { MaintenanceProcessor } from './maintenance.processor.js';

/** Housekeeping, from the queue. */
@Module({
  providers: [
    Maintenance,
    MaintenanceProcessor,
    { provide: PolicyAudits, inject: [Database], useFactory: (db: Database) => new PolicyAudits(db) },
  ],
})
export class MaintenanceModule {}
