import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Json } from '#experiments';

/** Row shape: A comparison of arms on a surface. */
@Entity({ name: 'experiment' })
export class ExperimentEntity {
  @PrimaryColumn({ type: 'text' })
  key!: string;

  @Column({ type: 'text' })
  title!: string;

  @Column({ type: 'text' })
  hypothesis!: string;

  @Column({ type: 'text' })
  surface!: string;

  @Column({ type: 'text', name: 'unit_type' })
  unitType!: string;

  @Column({ type: 'text', name: 'cluster_by', nullable: true })
  clusterBy!: string | null;

  @Column({ type: 'jsonb', nullable: true })
  switchback!: Json;

  @Column({ type: 'jsonb', default: [] })
  prerequisites!: Json;

  @Column({ type: 'text' })
  status!: string;

  @Column({ type: 'text' })
  layer!: string;

  @Column({ type: 'double precision', name: 'layer_from' })
  layerFrom!: number;

  @Column({ type: 'double precision', name: 'layer_to' })
  layerTo!: number;

  @Column({ type: 'jsonb', name: 'other_layers', default: [] })
  otherLayers!: Json;

  @Column({ type: 'double precision' })
  traffic!: number;

  @Column({ type: 'jsonb', nullable: true })
  targeting!: Json;

  @Column({ type: 'jsonb' })
  arms!: Json;

  @Column({ type: 'integer' })
  phase!: number;

  @Column({ type: 'text' })
  salt!: string;

  @Column({ type: 'smallint', name: 'hash_version', default: 2 })
  hashVersion!: number;

  @Column({ type: 'text', name: 'shipped_arm', nullable: true })
  shippedArm!: string | null;

  @Column({ type: 'text', name: 'paused_arm', nullable: true })
  pausedArm!: string | null;

  @Column({ type: 'text', name: 'decision_metric', nullable: true })
  decisionMetric!: string | null;

  @Column({ type: 'text', name: 'secondary_metrics', array: true })
  secondaryMetrics!: string[];

  @Column({ type: 'text', name: 'guardrail_metrics', array: true })
  guardrailMetrics!: string[];

  @Column({ type: 'jsonb', name: 'metric_versions', default: {} })
  metricVersions!: Record<string, number>;

  @Column({ type: 'integer', name: 'minimum_days' })
  minimumDays!: number;

  @Column({ type: 'integer', name: 'planned_units', nullable: true })
  plannedUnits!: number | null;

  @Column({ type: 'text' })
  owner!: string;

  @Column({ type: 'text', array: true })
  tags!: string[];

  @Column({ type: 'text', name: 'stop_reason', nullable: true })
  stopReason!: string | null;

  @Column({ type: 'jsonb', nullable: true })
  evidence!: Json;

  @Column({ type: 'jsonb', nullable: true })
  summary!: Json;

  @Column({ type: 'integer' })
  version!: number;

  @Column({ type: 'timestamptz', name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column({ type: 'timestamptz', name: 'started_at', nullable: true })
  startedAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'stopped_at', nullable: true })
  stoppedAt!: Date | null;

  @Column({ type: 'timestamptz', name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
