import { setImmediate as pause } from 'node:timers/promises';
import type { Database } from '../persistence/database.js';
import { LearnPolicy } from '../policies/learn-policy.js';
import { RollUp } from '../rollups/roll-up.js';
import type { SnapshotCache } from '../serving/snapshot-cache.js';
import type { HistoryWriter } from './history-writer.js';

/** How long a play runs on before what goes on beside it gets its turn. */
const TURN_MS = 2;

/** A play is one long run of code. Without pauses nothing that goes on beside it would hear from the database. */
export class Turns {
  private since = performance.now();

  /** @returns the value, at once or after a pause. */
  give<T>(value: T): T | Promise<T> {
    if (performance.now() - this.since < TURN_MS) return value;
    return pause(value).then((same) => {
      this.since = performance.now();
      return same;
    });
  }
}

/** One piece of work at a time that goes on beside others. What it throws is thrown by the next `done`. */
class Background {
  private work: Promise<void> = Promise.resolve();

  /** Begins; the one before must be done. */
  start(work: () => Promise<void>): void {
    this.work = work();
    // Thrown where it is waited for; until then it is no failure that nobody looks at.
    this.work.catch(() => undefined);
  }

  /** @throws what the work threw. */
  done(): Promise<void> {
    return this.work;
  }
}

/**
 * What the product does with a past beside serving it: it stores, learns and rolls up what happened while what comes next
 * is played, which takes the time of the longer one instead of both.
 */
export class HistoryWork {
  private readonly learner: LearnPolicy;
  private readonly learned = new Background();
  private readonly rolledUp = new Background();

  constructor(
    private readonly db: Database,
    private readonly writer: HistoryWriter,
    private readonly snapshots: SnapshotCache,
    private readonly policies: readonly string[],
  ) {
    this.learner = new LearnPolicy(db);
  }

  /** Serves what was learned from the time before the last call, and begins to store and learn what came since. */
  async learn(at: number): Promise<void> {
    await this.learned.done();
    await this.snapshots.sync();
    const store = this.writer.take();
    this.learned.start(async () => {
      await store();
      for (const id of this.policies) while ((await this.learner.run(id, new Date(at))).more);
    });
  }

  /** Begins to roll up all that was handed over. */
  async rollUp(now: Date): Promise<void> {
    await this.done();
    this.rolledUp.start(async () => void (await new RollUp(this.db).run(now)));
  }

  /** Waits for all that was begun. @throws what went wrong in it. */
  async done(): Promise<void> {
    await this.learned.done();
    await this.rolledUp.done();
  }
}
