import { Module } from '@nestjs/common';
import { PolicyAuditsController } from './policy-audits.controller.js';

/** What the audits of logged propensities found; the maintenance worker makes them. */
@Module({ controllers: [PolicyAuditsController] })
export class PolicyAuditsModule {}
