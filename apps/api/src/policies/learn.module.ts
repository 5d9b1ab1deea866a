import { Module } from '@nestjs/common';
import { Database } from '../persistence/database.js';
import { LearnPolicy } from './learn-policy.js';
import { LearnTicker } from './learn-ticker.js';
import { LearnProcessor } from './learn.processor.js';

/** Worker role `learn`. */
@Module({
  providers: [
    { provide: LearnPolicy, inject: [Database], useFactory: (db: Database) => new LearnPolicy(db) },
    LearnProcessor,
    LearnTicker,
  ],
})
export class LearnModule {}
