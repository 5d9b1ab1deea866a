import type { Json } from '#experiments';
import type { CurvePoint, DataCut } from './fit.js';

/** Table `training_run`. */
export interface TrainingRunRow {
  readonly id: string;
  readonly policy_id: string;
  readonly status: 'queued' | 'running' | 'succeeded' | 'failed';
  readonly progress: number;
  readonly seed: string;
  readonly params: Readonly<Record<string, Json>>;
  readonly cut_at: Date;
  readonly promote: 'auto' | 'manual';
  readonly evaluation: Json;
  readonly curve: readonly CurvePoint[];
  readonly data: DataCut | null;
  readonly trigger: 'person' | 'schedule';
  readonly begin_with: 'scratch' | 'serving';
  readonly snapshot_version: number | null;
  readonly error: string | null;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
}

export interface TrainingRunView {
  readonly id: string;
  readonly status: TrainingRunRow['status'];
  readonly progress: number;
  readonly seed: string;
  readonly params: Json;
  readonly cutAt: Date;
  readonly promote: 'auto' | 'manual';
  readonly evaluation: Json;
  /** What the model reported while it was fitted; empty for models that report nothing. */
  readonly curve: readonly CurvePoint[];
  /** What it was fitted on; null before that was read. */
  readonly data: DataCut | null;
  readonly trigger: 'person' | 'schedule';
  /** What was asked for; what the fit began with in fact is `evaluation.began`. */
  readonly begin: 'scratch' | 'serving';
  readonly snapshotVersion: number | null;
  readonly error: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

export const toRunView = (row: TrainingRunRow): TrainingRunView => ({
  id: row.id,
  status: row.status,
  progress: row.progress,
  seed: row.seed,
  params: row.params,
  cutAt: row.cut_at,
  promote: row.promote,
  evaluation: row.evaluation,
  curve: row.curve,
  data: row.data,
  trigger: row.trigger,
  begin: row.begin_with,
  snapshotVersion: row.snapshot_version,
  error: row.error,
  createdAt: row.created_at,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
});
