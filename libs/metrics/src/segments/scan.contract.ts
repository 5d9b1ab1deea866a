import type { Effect, Interval, MetricDefinition } from '../contract.js';
import type { ReportArm, ReportCell, ReportMetric, ReportOptions } from '../report.contract.js';
import type { OutcomeReason } from '../inference/outcome.js';

/** Units whose context at first exposure had this value. */
export interface SegmentValue {
  readonly value: string;
  /** Units per arm, whether mature or not; crossovers left out. */
  readonly units: Readonly<Record<string, number>>;
}

export interface SegmentAttribute {
  readonly attribute: string;
  /** The most frequent values, most frequent first. */
  readonly values: readonly SegmentValue[];
  /** Units per arm that have the attribute with a value that is not listed. */
  readonly otherUnits: Readonly<Record<string, number>>;
  /**
   * Units were assigned by cluster, and some clusters have units with several of the values: these segments share clusters,
   * so that their effects are not independent of each other. Absent: no.
   */
  readonly sharesClusters?: boolean;
}

/** Moments of one metric in one arm of one segment. */
export interface SegmentCell extends ReportCell {
  readonly attribute: string;
  readonly value: string;
}

export interface SegmentScanInput {
  readonly arms: readonly ReportArm[];
  readonly metrics: readonly ReportMetric[];
  readonly attributes: readonly SegmentAttribute[];
  readonly cells: readonly SegmentCell[];
  /** Cells of all units, to tell whether a segment agrees with the whole. */
  readonly overall: readonly ReportCell[];
  readonly options?: ReportOptions;
}

/** An effect that borrows from the other segments of its attribute: the one to read first. */
export interface ShrunkenCell {
  /** Absolute contrast, pulled towards the mean of the segments. */
  readonly estimate: number;
  readonly standardError: number;
  /** For one look, whatever the estimator of the table. */
  readonly interval: Interval;
  /** The same over the control's mean in the segment, which is taken as known; null where that is 0. */
  readonly relative: { readonly estimate: number; readonly interval: Interval } | null;
  /** Share of the raw effect that is kept. */
  readonly weight: number;
}

export interface SegmentEffectCell {
  readonly attribute: string;
  readonly value: string;
  readonly metric: string;
  readonly arm: string;
  /** As estimated in this segment alone. */
  readonly effect: Effect;
  /** null: fewer than three segments of the attribute have enough units, or this one has too few. */
  readonly shrunken: ShrunkenCell | null;
  readonly pValue: number | null;
  /** Benjamini-Hochberg over every cell of the table that has a p-value. */
  readonly qValue: number | null;
  /** Judged by the q-value. */
  readonly direction: 'better' | 'worse' | 'unclear';
  /** An arm has fewer than `minimumUnits` units here: shown, but neither tested nor part of the interaction test. */
  readonly tooFew: boolean;
}

/** Whether the effect of an arm differs between the values of an attribute. */
export interface SegmentInteraction {
  readonly attribute: string;
  readonly metric: string;
  readonly arm: string;
  /** null: the test was done. */
  readonly reason: OutcomeReason | 'fewer_than_two_segments' | 'shared_clusters' | null;
  /** Segments in the test. */
  readonly segments: number;
  /** Cochran's Q, its degrees of freedom and p-value. */
  readonly q: number | null;
  readonly df: number | null;
  readonly pValue: number | null;
  /** Benjamini-Hochberg over all interaction tests of the table. */
  readonly qValue: number | null;
  /** Share of the variation between segments that is more than chance, in percent. */
  readonly i2: number | null;
  /** What the segments are shrunken towards, and by how much their true effects differ (standard deviation). */
  readonly shrinkage: {
    readonly mean: number;
    readonly standardError: number;
    readonly tau: number;
  } | null;
  /** The effect points one way in all units and the other way in every segment (Simpson's paradox). */
  readonly reversed: boolean;
}

/** A segment whose share differs between arms: then the overall lift also compares mixes. */
export interface SegmentImbalance {
  readonly attribute: string;
  /** Chi-square test that all arms have the same mix of values. */
  readonly statistic: number;
  readonly df: number;
  readonly pValue: number;
  /** The value whose share differs most between two arms. */
  readonly value: string;
  readonly shares: Readonly<Record<string, number>>;
  readonly note: string;
}

export interface SegmentScan {
  readonly estimator: string;
  readonly alpha: number;
  readonly adjust: boolean;
  readonly baseline: string;
  readonly minimumUnits: number;
  /** Segments are looked at after the fact; nothing here is evidence for a decision by itself. */
  readonly exploratory: true;
  readonly attributes: readonly SegmentAttribute[];
  readonly metrics: readonly (Pick<
    MetricDefinition,
    'key' | 'title' | 'measuredIn' | 'betterWhen' | 'kind'
  > & { readonly role: ReportMetric['role'] })[];
  readonly cells: readonly SegmentEffectCell[];
  readonly interactions: readonly SegmentInteraction[];
  readonly imbalances: readonly SegmentImbalance[];
  /** Cells and interaction tests that have a p-value: the size of the two families. */
  readonly tests: { readonly cells: number; readonly interactions: number };
}
