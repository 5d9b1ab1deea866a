import { Module } from '@nestjs/common';
import { Database } from '../persistence/database.js';
import { CounterfactualQuestions } from './counterfactual.js';
import { ReplayLog } from './replay-log.js';
import { ReplaysController } from './replays.controller.js';

/** Decisions made again: one with something changed, or a day of them by a candidate. */
@Module({
  controllers: [ReplaysController],
  providers: [
    {
      provide: CounterfactualQuestions,
      inject: [Database],
      useFactory: (database: Database) => new CounterfactualQuestions(database),
    },
    {
      provide: ReplayLog,
      inject: [Database],
      useFactory: (database: Database) => new ReplayLog(database),
    },
  ],
})
export class ReplaysModule {}
