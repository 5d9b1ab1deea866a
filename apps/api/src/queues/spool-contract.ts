import type { SpoolKind } from './spool-segment.js';

/** A piece of the journal on its way to its table or to the queue; all lines of one kind. May come twice. */
export interface SpoolBatch {
  readonly kind: SpoolKind;
  /** Each line with its newline, as they were appended. */
  readonly lines: string;
  readonly count: number;
}

export interface SpoolLogger {
  warn(message: string): void;
  error(message: string): void;
}

export interface SpoolLimits {
  /** A write that holds the process up for longer makes the next ones wait for nobody, for `slowRestMs`. */
  readonly slowWriteMs: number;
  readonly slowRestMs: number;
  /** Longest time a line waits for company before it is shipped. */
  readonly flushMs: number;
  /** Lines that are shipped without waiting longer, and about the most in one hand-over. */
  readonly shipLines: number;
  /** About the most characters in one hand-over; a single longer line travels alone. */
  readonly shipLength: number;
  /** Size at which a segment is closed and the next begun. */
  readonly segmentBytes: number;
  /** Lines beyond this stay on disk only, and are read back when their turn comes. */
  readonly memoryBytes: number;
  /** Beyond this new lines are refused and counted: the disk is not ours alone. */
  readonly diskBytes: number;
  /** A hand-over that takes longer counts as failed (and is repeated). */
  readonly shipTimeoutMs: number;
  /** Lines that wait longer than this to be shipped are pushed to the disk itself, against a loss of power. */
  readonly syncAfterMs: number;
}

export const SPOOL_LIMITS: SpoolLimits = {
  slowWriteMs: 50,
  slowRestMs: 10_000,
  flushMs: 50,
  shipLines: 4000,
  shipLength: 1 << 20,
  segmentBytes: 2 << 20,
  memoryBytes: 32 << 20,
  diskBytes: 4 * 2 ** 30,
  shipTimeoutMs: 10_000,
  syncAfterMs: 1000,
};

export interface SpoolOptions {
  readonly directory: string;
  /** Role of the process; part of the file names. */
  readonly name: string;
  /** Resolves when the batch is durable, in its table or in the queue. A batch whose answer was lost comes again. */
  readonly ship: (batch: SpoolBatch) => Promise<void>;
  readonly logger: SpoolLogger;
  readonly limits?: Partial<SpoolLimits>;
}

export interface SpoolStatus {
  /** Lines not yet shipped. */
  readonly pending: number;
  readonly oldestAgeSeconds: number;
  readonly bytes: number;
  /** Lines lost since start: refused at the limit, in a file that cannot be read, or never on disk at the end. */
  readonly dropped: number;
  readonly shipped: number;
  /** Hand-overs that failed in a row; 0 while somebody takes them. */
  readonly failures: number;
}
