import { Inject, Injectable, Logger } from '@nestjs/common';
import { Database } from '../persistence/database.js';
import { FactStore } from '../persistence/fact-store.js';
import { IngestTally } from '../persistence/ingest-tally.js';
import { IngestProducer } from './ingest-producer.js';
import { RateLimitedLog } from './rate-limited-log.js';
import type { SpoolBatch } from './spool.js';

/** After a failure that is not about the lines themselves the queue takes everything for a while: it may be elsewhere. */
const REST_MS = 5_000;
/** SQLSTATE classes of data that cannot be stored, or stands there already. */
const ABOUT_LINES = /^2[23]/;

/**
 * Takes batches from the journal. Decisions go straight into their table: a journal that keeps them until they are there
 * needs no queue, and on PostgreSQL the queue cost as much as the rows (docs/decisions/0018-decisions-past-the-queue.md).
 * A batch that is not simply new — a copy, a bad line, a lock that is held, a database that is away — goes to the queue,
 * whose worker looks at each line and tries for as long as it takes. Events go there always.
 */
@Injectable()
export class DecisionShipping {
  private readonly facts: FactStore;
  private readonly log = new RateLimitedLog((message) => new Logger('Spool').warn(message));
  private restUntil = 0;
  /** The spool gives a hand-over up after a while, and what it does goes on: a database that is silent gets one, not all. */
  private storing = false;
  /** Of this process; the worker keeps another for what it stores. */
  readonly tally: IngestTally;

  constructor(
    @Inject(IngestProducer) private readonly producer: IngestProducer,
    @Inject(Database) database: Database,
  ) {
    this.facts = new FactStore(database).dislikeWaiting();
    this.tally = new IngestTally(this.facts);
  }

  /** Resolves when the batch is durable, in its table or in the queue; for the spool's `ship`. */
  async ship(batch: SpoolBatch): Promise<void> {
    if (batch.kind === 'events') return this.producer.ship(batch);
    if (!(await this.stored(batch.lines))) await this.producer.ship(batch);
  }

  private async stored(lines: string): Promise<boolean> {
    if (this.storing || Date.now() < this.restUntil) return false;
    this.storing = true;
    try {
      const result = await this.facts.insertNewDecisions(lines);
      if (result === null) return false;
      this.tally.stored('decisions', result);
      return true;
    } catch (error) {
      // A partition may have been taken away; the next batch asks for its own again.
      this.facts.forgetPartitions();
      if (!ABOUT_LINES.test(String((error as { code?: unknown }).code)))
        this.restUntil = Date.now() + REST_MS;
      this.log.report('decisions go through the queue', error as Error);
      return false;
    } finally {
      this.storing = false;
    }
  }
}
