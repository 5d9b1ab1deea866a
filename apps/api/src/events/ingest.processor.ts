import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { Job } from 'bullmq';
import { Database } from '../persistence/database.js';
import { FactStore } from '../persistence/fact-store.js';
import type { Stored } from '../persistence/fact-store.js';
import type { QueueBackend } from '../queues/backend.js';
import { DECISION_COLUMN, decodeDecision } from '../queues/decision-lines.js';
import { columnOf, decodeEvent, splitLines } from '../queues/event-lines.js';
import { QUEUES } from '../queues/jobs.js';
import type { DecisionsJob, EventLines, EventsJob } from '../queues/jobs.js';
import { WORKER_OPTIONS } from '../queues/queues.js';
import { QUEUE_BACKEND } from '../queues/queue-backend.token.js';
import { isTransient, storeOrIsolate } from './isolate.js';
import { writeQuarantine } from './quarantine.js';

const FLUSH_COUNTERS_MS = 1_000;

/** Writes batches of decisions and events; a record that cannot be stored goes to quarantine alone. */
@Injectable()
@Processor(QUEUES.ingest, WORKER_OPTIONS.ingest)
export class IngestProcessor extends WorkerHost implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Ingest');
  private counters = new Map<string, number>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    @Inject(FactStore) private readonly facts: FactStore,
    @Inject(Database) private readonly db: Database,
    @Inject(QUEUE_BACKEND) private readonly backend: QueueBackend,
  ) {
    super();
  }

  onModuleInit(): void {
    if (this.backend.kind === 'postgres') this.facts.shareLogWithQueue();
    this.timer = setInterval(() => void this.flushCounters(), FLUSH_COUNTERS_MS);
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.flushCounters();
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
      this.tally('events', await this.facts.insertEvents(part));
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
      async (part) => {
        const result = await this.facts.insertDecisions(part);
        this.tally('decisions', result);
        // As sent, not as stored: copies are rare, and only the share is shown.
        if (result.stored > 0) this.add('ingest.decisions_fallback', part.filter(isFallback).length);
      },
      (line, reason) => this.quarantine('decisions', asJson(line, decodeDecision), reason),
      () => this.facts.forgetPartitions(),
    );
  }

  private async quarantine(source: string, payload: string, reason: string): Promise<void> {
    this.logger.error(`a record of ${source} was quarantined: ${reason.slice(0, 200)}`);
    await writeQuarantine(this.db, { source, payload, reason });
    this.add('ingest.quarantined', 1);
  }

  private tally(what: 'events' | 'decisions', result: Stored): void {
    this.add(`ingest.${what}_stored`, result.stored);
    this.add(`ingest.${what}_duplicate`, result.duplicates);
    this.add(`ingest.${what}_erased`, result.erased);
  }

  private add(name: string, by: number): void {
    if (by > 0) this.counters.set(name, (this.counters.get(name) ?? 0) + by);
  }

  /** Written once a second: a counter per batch would make every batch wait for the same row. */
  private async flushCounters(): Promise<void> {
    const counters = this.counters;
    this.counters = new Map();
    try {
      await this.facts.count(counters);
    } catch {
      for (const [name, value] of counters) this.add(name, value);
    }
  }
}

const isFallback = (line: string): boolean => columnOf(line, DECISION_COLUMN.fallback) !== null;

/** A line as readable JSON, or as it is when it is too broken for that. */
function asJson(line: string, decode: (line: string) => unknown): string {
  try {
    return JSON.stringify(decode(line));
  } catch {
    return JSON.stringify({ line });
  }
}
