import { DomainError } from '#experiments';
import { bootstrapIntervals } from '../bootstrap.js';
import type { Interval } from '../contract.js';
import { clustersOf, normalInterval, pointEstimate } from '../statistics.js';
import { effectiveSampleSize, largestOf } from '../weights.js';
import { slotColumn } from './contract.js';
import type { SlateRows } from './contract.js';
import { slateEstimatorRegistry } from './index.js';

export interface SlateOptions {
  readonly level?: number;
  readonly bootstrap?: { readonly resamples?: number; readonly seed?: number; readonly groups?: number };
}

export interface SlateEvaluation {
  readonly estimates: readonly {
    readonly key: string;
    readonly title: string;
    /** Null where the log carries no weight for it. */
    readonly value: number | null;
    readonly standardError: number | null;
    readonly interval: Interval | null;
    readonly bootstrap: Interval | null;
  }[];
  readonly diagnostics: {
    readonly n: number;
    readonly clusters: number;
    readonly effectiveSlates: number;
    /** By slot: effective sample size of the weights down to it, and of its own. */
    readonly effectivePrefixes: readonly number[];
    readonly effectiveSlots: readonly number[];
    readonly largestWeight: number;
  };
}

/**
 * What would a candidate's slates have earned? Estimators that need what the rows lack (a baseline, pseudo-inverse
 * weights) are left out.
 * @throws DomainError `invalid_log`.
 */
export function evaluateSlates(rows: SlateRows, options: SlateOptions = {}): SlateEvaluation {
  check(rows);
  const level = options.level ?? 0.95;
  const clusters = clustersOf(rows.unit, rows.n);
  const chosen = slateEstimatorRegistry.list().flatMap((estimator) => {
    const terms = estimator.estimate(rows);
    return terms ? [{ estimator, terms }] : [];
  });
  const settings = { resamples: 1000, seed: 20240601, groups: 2000, ...options.bootstrap, level };
  const intervals = bootstrapIntervals(
    chosen.map(({ terms }) => terms),
    clusters,
    settings,
  );
  const slots = Array.from({ length: rows.slots }, (_, k) => k);
  const effective = (table: Float64Array) =>
    slots.map((k) => effectiveSampleSize(slotColumn(table, rows.slots, k)));
  const whole = slotColumn(rows.prefixWeight, rows.slots, rows.slots - 1);
  return {
    estimates: chosen.map(({ estimator: { key, title }, terms }, i) => {
      const point = pointEstimate(terms, clusters);
      const defined = Number.isFinite(point.value) && Number.isFinite(point.standardError);
      if (!defined) return { key, title, value: null, standardError: null, interval: null, bootstrap: null };
      return {
        key,
        title,
        ...point,
        interval: normalInterval(point, level),
        bootstrap: intervals[i] ?? null,
      };
    }),
    diagnostics: {
      n: rows.n,
      clusters: clusters.count,
      effectiveSlates: effectiveSampleSize(whole),
      effectivePrefixes: effective(rows.prefixWeight),
      effectiveSlots: effective(rows.slotWeight),
      largestWeight: largestOf(whole),
    },
  };
}

function check(rows: SlateRows): void {
  const { n, slots } = rows;
  const lengths: readonly (readonly [string, Float64Array | undefined, number])[] = [
    ['reward', rows.reward, n * slots],
    ['prefixWeight', rows.prefixWeight, n * slots],
    ['slotWeight', rows.slotWeight, n * slots],
    ['pseudoWeight', rows.pseudoWeight, n],
    ['baseline.predicted', rows.baseline?.predicted, n * slots],
    ['baseline.expected', rows.baseline?.expected, n * slots],
  ];
  if (n < 2) throw new DomainError('invalid_log', 'an evaluation needs at least 2 slates');
  for (const [name, values, wanted] of lengths) {
    if (!values) continue;
    if (values.length !== wanted)
      throw new DomainError('invalid_log', `${name} has ${values.length} numbers, ${wanted} are needed`);
    if (!values.every(Number.isFinite))
      throw new DomainError('invalid_log', `${name} must hold finite numbers`);
  }
}
