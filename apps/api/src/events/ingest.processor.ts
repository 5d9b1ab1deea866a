import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { Job } from 'bullmq';
import { Database } from '../persistence/database.js';
import { FactStore } from '../persistence/fact-store.js';
import { IngestTally } from '../persistence/ingest-tally.js';
import type { QueueBackend } from '../queues/backend.js';
import { decodeDecision } from '../queues/decision-lines.js';
import { decodeEvent, splitLines } from '../queues/event-lines.js';
import { QUEUES } from '../queues/jobs.js';
import type { DecisionsJob, EventLines, EventsJob } from '../queues/jobs.js';
import { WORKER_OPTIONS } from '../queues/queues.js';
import { QUEUE_BACKEND } from '../queues/queue-backend.token.js';
import { isTransient, storeOrIsolate } from './isolate.js';
import { writeQuarantine } from './quarantine.js';

/** Writes batches of decisions and events; a record that cannot be stored goes to quarantine alone. */
@Injectable()
@Processor(QUEUES.ingest, WORKER_OPTIONS.ingest)
export class IngestProcessor extends WorkerHost implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Ingest');
  private readonly tally: IngestTally;

  constructor(
    @Inject(FactStore) private readonly facts: FactStore,
    @Inject(Database) private readonly db: Database,
    @Inject(QUEUE_BACKEND) private readonly backend: QueueBackend,
  ) {
    super();
    this.tally = new IngestTally(facts);
  }

  onModuleInit(): void {
    if (this.backend.kind === 'postgres') this.facts.shareLogWithQueue();
    this.tally.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.tally.stop();
  }

  async process(job: Job<DecisionsJob | EventsJob>): Promise<void> {
    const { data } = job;
    if (job.name === 'events' && data.schemaVersion === 1) return this.storeEvents(data);
    if (job.name === 'decisions' && data.schemaVersion === 2)
      return this.storeDecisions(splitLines(data.lines));
    await this.quarantine(job.name, JSON.stringify(data), 'a job of a shape that this version does not know');
  }

  private async storeEvents(batch: EventLines): Promise<void> {
    const store = async (part: EventLines): Promise<void> =>
      this.tally.stored('events', await this.facts.insertEvents(part));
    try {
      await store(batch);
    } catch (error) {
      if (isTransient(error)) throw error;
      await storeOrIsolate(
        splitLines(batch.lines),
        (lines) => store({ ...batch, count: lines.length, lines: lines.join('') }),
        (line, reason) => this.quarantine('events', asJson(line, decodeEvent), reason),
        () => this.facts.forgetPartitions(),
      );
    }
  }

  private async storeDecisions(lines: readonly string[]): Promise<void> {
    await storeOrIsolate(
      lines,
      async (part) => this.tally.stored('decisions', await this.facts.insertDecisions(part)),
      (line, reason) => this.quarantine('decisions', asJson(line, decodeDecision), reason),
      () => this.facts.forgetPartitions(),
    );
  }

  private async quarantine(source: string, payload: string, reason: string): Promise<void> {
    this.logger.error(`a record of ${source} was quarantined: ${reason.slice(0, 200)}`);
    await writeQuarantine(this.db, { source, payload, reason });
    this.tally.add('ingest.quarantined', 1);
  }
}

/** A line as readable JSON, or as it is when it is too broken for that. */
function asJson(line: string, decode: (line: string) => unknown): string {
  try {
    return JSON.stringify(decode(line));
  } catch {
    return JSON.stringify({ line });
  }
}
