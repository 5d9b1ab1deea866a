import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import type { Checkpoints, TrainingSet } from '#policies';
import type { FitEvaluation, FitTask } from './fit.js';

/** What is known of a run once its first fit has been judged. */
export type JudgedFit = Omit<FitEvaluation, 'fitSeconds' | 'began' | 'resumed'>;

/** What a run has come to: which of its two fits goes on, and from where. */
export interface FitCheckpoint {
  /** Of the data: rows that arrived or were erased since make it another fit, which begins anew. */
  readonly data: string;
  readonly fit: 'judged' | 'final';
  readonly judged: JudgedFit | null;
  /** The policy's own. */
  readonly state: unknown;
}

export type KeepCheckpoint = (checkpoint: FitCheckpoint) => void;

/** Least milliseconds between two checkpoints: a copy of the weights takes a while. */
export const KEEP_EVERY_MS = 10_000;
/** A larger one is not kept: such a run begins again when it is ended. */
export const MOST_BYTES = 128 * 1024 * 1024;

export const encodeCheckpoint = (checkpoint: FitCheckpoint): Uint8Array => serialize(checkpoint);
/** @throws Error when the bytes are none of encodeCheckpoint. */
export const decodeCheckpoint = (bytes: Uint8Array): FitCheckpoint => deserialize(bytes) as FitCheckpoint;

function fingerprint({ units, items, unit, item, value, at, signals }: TrainingSet): string {
  const hash = createHash('sha256').update(`${units.length} ${items.length}`);
  for (const { buffer, byteOffset, byteLength } of [
    unit,
    item,
    value,
    at,
    ...(signals ? [signals.item, signals.name, signals.at] : []),
  ])
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest('hex');
}

/** Paces the checkpoints of one run, and knows what an earlier attempt left. */
export class CheckpointKeeper {
  private readonly data: string;
  private readonly saved: FitCheckpoint | null;
  private kept: number;
  evaluation: JudgedFit | null;

  constructor(
    private readonly task: FitTask,
    private readonly clock: () => number,
    private readonly keep: KeepCheckpoint,
  ) {
    this.data = fingerprint(task.data);
    this.saved = task.resume?.data === this.data ? task.resume : null;
    this.evaluation = this.saved?.judged ?? null;
    this.kept = clock();
  }

  get resumed(): boolean {
    return this.saved !== null;
  }

  of(fit: FitCheckpoint['fit']): Checkpoints {
    return {
      ...(this.saved?.fit === fit ? { saved: this.saved.state } : {}),
      offer: (state) => {
        if (this.clock() - this.kept < (this.task.keepEveryMs ?? KEEP_EVERY_MS)) return;
        this.keep({ data: this.data, fit, judged: this.evaluation, state: state() });
        this.kept = this.clock();
      },
    };
  }
}
