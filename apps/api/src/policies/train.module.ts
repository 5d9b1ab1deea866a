import { Module } from '@nestjs/common';
import { Database } from '../persistence/database.js';
import { FitRunner, ProcessFitRunner } from './fit-runner.js';
import { TrainPolicy } from './train-policy.js';
import { TrainScheduler } from './train-scheduler.js';
import { TrainSweeper } from './train-sweeper.js';
import { RunTradeOff } from './trade-offs/run-trade-off.js';
import { TrainProcessor } from './train.processor.js';

/** Worker role `train`; best in a process of its own. */
@Module({
  providers: [
    { provide: FitRunner, useFactory: () => new ProcessFitRunner() },
    {
      provide: TrainPolicy,
      inject: [Database, FitRunner],
      useFactory: (db: Database, runner: FitRunner) => new TrainPolicy(db, runner),
    },
    {
      provide: RunTradeOff,
      inject: [Database, FitRunner],
      useFactory: (db: Database, runner: FitRunner) => new RunTradeOff(db, runner),
    },
    TrainProcessor,
    TrainSweeper,
    TrainScheduler,
  ],
})
export class TrainModule {}
