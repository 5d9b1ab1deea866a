import { Logger } from '@nestjs/common';
import type { Database } from '../persistence/database.js';
import { decodeCheckpoint } from './fit-checkpoint.js';
import type { FitCheckpoint } from './fit-checkpoint.js';

/** Checkpoints of running fits, one per run: whichever worker takes the run up again finds it. */
export class CheckpointStore {
  private readonly logger = new Logger('Train');
  private keeping: Promise<unknown> = Promise.resolve();

  constructor(private readonly db: Database) {}

  /** Stores it in place of an earlier one. A run goes on without it when it cannot be stored. */
  keep(runId: string, bytes: Uint8Array): void {
    this.keeping = this.keeping.then(() =>
      this.db
        .query(
          `insert into training_checkpoint (run_id, state) select id, $2 from training_run where id = $1 and status = 'running'
           on conflict (run_id) do update set state = excluded.state, at = now()`,
          [runId, Buffer.from(bytes)],
        )
        .catch((error: Error) => this.logger.warn(`no checkpoint of ${runId}: ${error.message}`)),
    );
  }

  /** Once all that was given is stored. */
  async settled(): Promise<void> {
    await this.keeping;
  }

  /** Null where there is none, or none that this program can read. */
  async read(runId: string): Promise<FitCheckpoint | null> {
    const [row] = await this.db.query<{ state: Buffer }>(
      `select state from training_checkpoint where run_id = $1`,
      [runId],
    );
    try {
      return row ? decodeCheckpoint(row.state) : null;
    } catch (error) {
      this.logger.warn(`the checkpoint of ${runId} cannot be read: ${(error as Error).message}`);
      return null;
    }
  }

  async drop(runId: string): Promise<void> {
    await this.settled();
    await this.db.query(`delete from training_checkpoint where run_id = $1`, [runId]);
  }
}
