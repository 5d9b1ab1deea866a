import type { Effect } from '../contract.js';
import { heterogeneity } from './heterogeneity.js';
import type { SegmentInteraction, ShrunkenCell } from './scan.contract.js';
import { shrinkSegments } from './shrinkage.js';
import type { ShrunkenSegment } from './shrinkage.js';

/** One arm on one metric in one segment that has enough units. */
export interface DimensionPart {
  readonly value: string;
  /** At a fixed size and without a prior: what tests and shrinkage of several segments are made for. */
  readonly effect: Effect;
}

export interface Dimension {
  readonly interaction: SegmentInteraction;
  /** By value of the attribute. */
  readonly shrunken: ReadonlyMap<string, ShrunkenCell>;
}

/**
 * Whether one arm's effect on one metric differs between the values of an attribute, and each value's effect shrunken
 * towards their mean. Both take the values' effects for independent, and are not made where they share clusters.
 * @param sharesClusters as in `SegmentAttribute`.
 * @param whole effect over all units, to tell whether every segment contradicts it.
 */
export function dimensionOf(
  of: Pick<SegmentInteraction, 'attribute' | 'metric' | 'arm'>,
  parts: readonly DimensionPart[],
  whole: Effect,
  { alpha, sharesClusters }: { readonly alpha: number; readonly sharesClusters: boolean },
): Dimension {
  const known = parts.flatMap(({ value, effect }) =>
    effect.estimate === null || effect.standardError === null
      ? []
      : [{ value, raw: effect, effect: effect.estimate, standardError: effect.standardError }],
  );
  const none = { q: null, df: null, pValue: null, i2: null, qValue: null, shrinkage: null, reversed: false };
  const base = { ...of, segments: known.length };
  if (sharesClusters)
    return { interaction: { ...base, ...none, reason: 'shared_clusters' }, shrunken: new Map() };
  const found = heterogeneity(known);
  if (known.length < 2 || !found.ok) {
    const reason = known.length < 2 || found.ok ? 'fewer_than_two_segments' : found.reason;
    return { interaction: { ...base, ...none, reason }, shrunken: new Map() };
  }
  const { q, df, pValue, i2 } = found.value;
  const overall = whole.estimate ?? 0;
  const reversed = overall !== 0 && known.every(({ effect }) => Math.sign(effect) === -Math.sign(overall));
  const made = shrinkSegments(known, alpha);
  const shrinkage = made.ok
    ? { mean: made.value.mean, standardError: made.value.meanStandardError, tau: Math.sqrt(made.value.tau2) }
    : null;
  const cells = made.ok ? made.value.segments : [];
  return {
    interaction: { ...base, reason: null, q, df, pValue, qValue: null, i2, shrinkage, reversed },
    shrunken: new Map(
      cells.map((cell, i) => {
        const { value, raw } = known[i] as (typeof known)[number];
        return [value, cellOf(cell, raw, 1 - alpha)];
      }),
    ),
  };
}

function cellOf(cell: ShrunkenSegment, raw: Effect, level: number): ShrunkenCell {
  const { effect: estimate, standardError, lower, upper, weight } = cell;
  const kind = 'credible';
  const baseline = baselineOf(raw);
  const over = (value: number): number => value / (baseline as number);
  return {
    estimate,
    standardError,
    interval: { lower, upper, level, kind },
    relative:
      baseline === null
        ? null
        : {
            estimate: over(estimate),
            interval: {
              lower: Math.min(over(lower), over(upper)),
              upper: Math.max(over(lower), over(upper)),
              level,
              kind,
            },
          },
    weight,
  };
}

/** What the raw lift is relative to: the control's mean, adjusted where the effect is. */
function baselineOf({ estimate, relative, control }: Effect): number | null {
  if (relative.status === 'undefined') return null;
  const adjusted = relative.estimate ? (estimate as number) / relative.estimate : control.mean;
  return adjusted === null || adjusted === 0 || !Number.isFinite(adjusted) ? null : adjusted;
}
