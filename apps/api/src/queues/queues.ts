import type { DefaultJobOptions, WorkerOptions } from 'bullmq';
import { QUEUES } from './jobs.js';

export type QueueName = (typeof QUEUES)[keyof typeof QUEUES];
export const QUEUE_NAMES = Object.values(QUEUES) as readonly QueueName[];

/** Longest wait between two attempts of a job, in milliseconds. */
const LONGEST_BACKOFF_MS = 30_000;
const FIRST_BACKOFF_MS = 250;

/** Wait before attempt `attempts + 1`: doubling from 250 ms to 30 s. */
export const backoff = (attempts: number): number =>
  Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempts - 1, 20));

/**
 * Attempts that no outage outlasts. Ingest jobs fail only while a service is away (bad records are quarantined), so
 * giving up would lose acknowledged events.
 */
const FOR_EVER = 1_000_000;

const base: DefaultJobOptions = {
  removeOnComplete: true,
  removeOnFail: { count: 100, age: 7 * 86_400 },
  attempts: 5,
  backoff: { type: 'custom' },
};

/** How jobs of each queue are kept and tried again. */
export const JOB_OPTIONS: Readonly<Record<QueueName, DefaultJobOptions>> = {
  ingest: { ...base, attempts: FOR_EVER, removeOnFail: false },
  learn: base,
  train: { ...base, attempts: 2 },
  rollup: base,
  maintenance: { ...base, attempts: 2 },
  schedule: { ...base, attempts: 1 },
  webhooks: { ...base, attempts: 1 },
  guardrails: { ...base, attempts: 1 },
};

const worker: Omit<WorkerOptions, 'connection'> = {
  // A killed worker's jobs are taken over after 10 to 15 s.
  lockDuration: 10_000,
  stalledInterval: 5_000,
  // One crashing job must not take its innocent neighbours with it (they all stall together).
  maxStalledCount: 3,
  // How long an idle worker waits before it looks again even if no notification came.
  drainDelay: 5,
  runRetryDelay: 1_000,
  settings: { backoffStrategy: backoff },
};

/** Options of each queue's worker: `@Processor(QUEUES.learn, WORKER_OPTIONS.learn)`. */
export const WORKER_OPTIONS: Readonly<Record<QueueName, Omit<WorkerOptions, 'connection'>>> = {
  ingest: { ...worker, concurrency: 3 },
  learn: { ...worker, concurrency: 2 },
  train: { ...worker, concurrency: 1, lockDuration: 60_000 },
  rollup: { ...worker, concurrency: 1 },
  maintenance: { ...worker, concurrency: 1, lockDuration: 30_000 },
  schedule: { ...worker, concurrency: 1, lockDuration: 30_000 },
  // Several, so that a receiver that hangs does not hold up the others.
  webhooks: { ...worker, concurrency: 3, lockDuration: 30_000 },
  guardrails: { ...worker, concurrency: 1, lockDuration: 60_000 },
};
