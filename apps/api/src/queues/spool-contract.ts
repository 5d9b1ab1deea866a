import type { SpoolKind } from './spool-segment.js';

/** A piece of the journal on its way to the queue; all records of one kind. */
export interface SpoolBatch {
  /** Stable while this process lives: a batch shipped again after a lost answer has the same id. */
  readonly id: string;
  readonly kind: SpoolKind;
  /** JSON of each record. */
  readonly texts: readonly string[];
  /** The records, parsed when asked for. */
  readonly records: readonly unknown[];
}

export interface SpoolLogger {
  warn(message: string): void;
  error(message: string): void;
}

export interface SpoolLimits {
  /** Records gather this long before one write takes them to the file: what a killed process loses at most. */
  readonly writeMs: number;
  /** Longest time a record waits for company before it is shipped. */
  readonly flushMs: number;
  /** Records per batch. */
  readonly batchRecords: number;
  /** Batches handed over in one call. */
  readonly batchesPerShip: number;
  /** Size at which a segment is closed and the next begun. */
  readonly segmentBytes: number;
  /** Records beyond this stay on disk only, and are read back when their turn comes. */
  readonly memoryBytes: number;
  /** Beyond this new records are refused and counted: the disk is not ours alone. */
  readonly diskBytes: number;
  /** A hand-over that takes longer counts as failed (and is repeated). */
  readonly shipTimeoutMs: number;
  /** How often written bytes are pushed to the disk itself; null leaves that to the operating system. */
  readonly syncEveryMs: number | null;
}

export const SPOOL_LIMITS: SpoolLimits = {
  writeMs: 5,
  flushMs: 50,
  batchRecords: 500,
  batchesPerShip: 8,
  segmentBytes: 2 << 20,
  memoryBytes: 32 << 20,
  diskBytes: 4 * 2 ** 30,
  shipTimeoutMs: 10_000,
  syncEveryMs: 1000,
};

export interface SpoolOptions {
  readonly directory: string;
  /** Role of the process; part of the file names. */
  readonly name: string;
  /** Resolves when the queue holds the batches durably. Batches may come twice. */
  readonly ship: (batches: readonly SpoolBatch[]) => Promise<void>;
  readonly logger: SpoolLogger;
  readonly limits?: Partial<SpoolLimits>;
}

export interface SpoolStatus {
  /** Records not yet acknowledged by the queue. */
  readonly pending: number;
  readonly oldestAgeSeconds: number;
  readonly bytes: number;
  /** Records refused since start: disk full, over the limit, or not representable as JSON. */
  readonly dropped: number;
  readonly shipped: number;
  /** Hand-overs that failed in a row; 0 while the queue is well. */
  readonly failures: number;
}
