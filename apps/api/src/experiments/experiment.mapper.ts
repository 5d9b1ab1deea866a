import type {
  Arm,
  Condition,
  ExperimentDesign,
  ExperimentStatus,
  Json,
  LayerMembership,
  Prerequisite,
  Switchback,
} from '#experiments';
import type { ExperimentEntity, ExperimentPhaseEntity } from '../persistence/entities/index.js';

/** An experiment as stored: the design, and what storage adds to it. */
export interface StoredExperiment extends ExperimentDesign {
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly summary: Json;
  /** Versions of own metrics that it was launched with. */
  readonly metricVersions: Readonly<Record<string, number>>;
}

export function experimentFromRow(row: ExperimentEntity): StoredExperiment {
  return {
    key: row.key,
    title: row.title,
    hypothesis: row.hypothesis,
    surface: row.surface,
    unitType: row.unitType,
    clusterBy: row.clusterBy,
    switchback: row.switchback as Switchback | null,
    prerequisites: row.prerequisites as unknown as readonly Prerequisite[],
    status: row.status as ExperimentStatus,
    layer: row.layer,
    layerRange: [row.layerFrom, row.layerTo],
    otherLayers: row.otherLayers as unknown as readonly LayerMembership[],
    traffic: row.traffic,
    targeting: row.targeting as Condition | null,
    arms: row.arms as unknown as readonly Arm[],
    phase: row.phase,
    salt: row.salt,
    ...(row.hashVersion === 1 ? { hashVersion: 1 as const } : {}),
    shippedArm: row.shippedArm,
    pausedArm: row.pausedArm,
    decisionMetric: row.decisionMetric,
    secondaryMetrics: row.secondaryMetrics,
    guardrailMetrics: row.guardrailMetrics,
    minimumDays: row.minimumDays,
    plannedUnits: row.plannedUnits,
    owner: row.owner,
    tags: row.tags,
    startedAt: row.startedAt?.getTime() ?? null,
    stoppedAt: row.stoppedAt?.getTime() ?? null,
    stopReason: row.stopReason,
    version: row.version,
    createdAt: row.createdAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
    summary: row.summary,
    metricVersions: row.metricVersions,
  };
}

const date = (at: number | null): Date | null => (at === null ? null : new Date(at));

/** The columns that the lifecycle owns: everything but the version, the report's summary and the times of the row. */
export function rowFromDesign(design: ExperimentDesign): Partial<ExperimentEntity> {
  return {
    key: design.key,
    title: design.title,
    hypothesis: design.hypothesis,
    surface: design.surface,
    unitType: design.unitType,
    clusterBy: design.clusterBy ?? null,
    switchback: (design.switchback ?? null) as Json,
    prerequisites: (design.prerequisites ?? []) as unknown as Json,
    status: design.status,
    layer: design.layer,
    layerFrom: design.layerRange[0],
    layerTo: design.layerRange[1],
    otherLayers: (design.otherLayers ?? []) as unknown as Json,
    traffic: design.traffic,
    targeting: design.targeting as Json,
    arms: design.arms as unknown as Json,
    phase: design.phase,
    salt: design.salt,
    hashVersion: design.hashVersion ?? 2,
    shippedArm: design.shippedArm,
    pausedArm: design.pausedArm ?? null,
    decisionMetric: design.decisionMetric,
    secondaryMetrics: [...design.secondaryMetrics],
    guardrailMetrics: [...design.guardrailMetrics],
    minimumDays: design.minimumDays,
    plannedUnits: design.plannedUnits,
    owner: design.owner,
    tags: [...design.tags],
    startedAt: date(design.startedAt),
    stoppedAt: date(design.stoppedAt),
    stopReason: design.stopReason,
  };
}

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

/** The answer of the API; see docs/reference for the fields. */
export function experimentView(experiment: StoredExperiment) {
  const {
    summary: _summary,
    createdAt,
    startedAt,
    stoppedAt,
    updatedAt,
    version,
    stopReason,
    ...design
  } = experiment;
  return {
    ...design,
    createdAt: iso(createdAt),
    startedAt: iso(startedAt),
    stoppedAt: iso(stoppedAt),
    stopReason,
    version,
    updatedAt: iso(updatedAt),
  };
}
export type ExperimentView = ReturnType<typeof experimentView>;

const NO_SUMMARY = { units: 0, verdict: 'no-data', decisionLift: null, health: 'unknown' } as const;

/** A row of the list: the experiment and what the last stored report said. */
export function experimentListView(experiment: StoredExperiment): ExperimentView & { summary: Json } {
  return { ...experimentView(experiment), summary: experiment.summary ?? NO_SUMMARY };
}

export function phaseView(row: ExperimentPhaseEntity) {
  const { phase, startedAt, endedAt, traffic, targeting, arms, keepsUnits } = row;
  return {
    phase,
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    traffic,
    targeting,
    arms,
    keepsUnits,
  };
}
