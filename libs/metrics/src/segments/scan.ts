import { comparisonOf, pValueOf } from '../comparison.js';
import type { Comparison } from '../comparison.js';
import type { Effect, EstimateOptions, Moments } from '../contract.js';
import { EMPTY_MOMENTS, merge } from '../moments.js';
import { adjustPValues } from '../multiplicity.js';
import type { ReportMetric } from '../report.contract.js';
import { heterogeneity } from './heterogeneity.js';
import { imbalanceOf } from './imbalance.js';
import type {
  SegmentAttribute,
  SegmentEffectCell,
  SegmentInteraction,
  SegmentScan,
  SegmentScanInput,
} from './scan.contract.js';

/** Below this many units in an arm a segment is shown hatched and left out of all tests. */
const MINIMUM_UNITS = 50;

interface Context extends Comparison {
  readonly adjust: boolean;
  readonly tuning: number | null;
  readonly moments: ReadonlyMap<string, Moments>;
}

/**
 * The effect of every arm on every metric in every segment, with Benjamini-Hochberg q-values over the whole table,
 * Cochran's Q per attribute, metric and arm (does the effect differ between segments?), and the attributes whose mix
 * differs between arms. Exploratory by construction: segments are chosen by the data that they are tested on. Cochran's
 * Q is a fixed-horizon test even where the cells come from an always-valid estimator. Pure.
 * @throws DomainError `unknown_key` for an unknown estimator, `invalid_report` without a baseline arm or for an alpha
 * outside (0, 1). Odd data give undefined effects with a reason.
 */
export function scanSegments(input: SegmentScanInput): SegmentScan {
  const context = contextOf(input);
  const cells = withQValues(
    input.attributes.flatMap((attribute) => cellsOf(attribute, input.metrics, context)),
    input.metrics,
    context.alpha,
  );
  const interactions = withInteractionQ(
    input.attributes.flatMap(({ attribute }) =>
      input.metrics.flatMap((metric) =>
        context.treatments.map((arm) => interactionOf(attribute, metric, arm.key, cells, context)),
      ),
    ),
  );
  const known = (list: readonly { readonly pValue: number | null }[]): number =>
    list.filter(({ pValue }) => pValue !== null).length;
  return {
    estimator: context.estimator.key,
    alpha: context.alpha,
    adjust: context.adjust,
    baseline: context.baseline.key,
    minimumUnits: MINIMUM_UNITS,
    exploratory: true,
    attributes: input.attributes,
    metrics: input.metrics.map(({ definition: { key, title, measuredIn, betterWhen, kind }, role }) => ({
      key,
      title,
      measuredIn,
      betterWhen,
      kind,
      role,
    })),
    cells,
    interactions,
    imbalances: input.attributes.flatMap(
      (attribute) =>
        imbalanceOf(
          attribute,
          [context.baseline, ...context.treatments].map(({ key }) => key),
        ) ?? [],
    ),
    tests: { cells: known(cells), interactions: known(interactions) },
  };
}

const cellKey = (attribute: string, value: string, metric: string, arm: string): string =>
  `${attribute}\u0000${value}\u0000${metric}\u0000${arm}`;

function contextOf(input: SegmentScanInput): Context {
  const given = input.options ?? {};
  return {
    ...comparisonOf(input.arms, given),
    adjust: given.adjust ?? true,
    tuning: given.sequentialTuning ?? null,
    moments: indexMoments(input),
  };
}

/** Moments by segment, metric and arm; those of all units stand under an empty attribute. */
function indexMoments(input: SegmentScanInput): Map<string, Moments> {
  const index = new Map<string, Moments>();
  const add = (key: string, moments: Moments): void =>
    void index.set(key, merge(index.get(key) ?? EMPTY_MOMENTS, moments));
  for (const cell of input.cells)
    add(cellKey(cell.attribute, cell.value, cell.metric, cell.arm), cell.moments);
  for (const cell of input.overall) add(cellKey('', '', cell.metric, cell.arm), cell.moments);
  return index;
}

function compare(
  attribute: string,
  value: string,
  metric: ReportMetric,
  arm: string,
  context: Context,
): Effect {
  const { definition } = metric;
  const of = (key: string): Moments =>
    context.moments.get(cellKey(attribute, value, definition.key, key)) ?? EMPTY_MOMENTS;
  const options: EstimateOptions = {
    alpha: context.alpha,
    adjust: context.adjust,
    kind: definition.kind,
    ...(context.tuning === null ? {} : { sequentialTuning: context.tuning }),
  };
  return context.estimator.compare(of(context.baseline.key), of(arm), options);
}

function cellsOf(
  { attribute, values }: SegmentAttribute,
  metrics: readonly ReportMetric[],
  context: Context,
): SegmentEffectCell[] {
  return values.flatMap(({ value }) =>
    metrics.flatMap((metric) =>
      context.treatments.map((arm): SegmentEffectCell => {
        const effect = compare(attribute, value, metric, arm.key, context);
        const tooFew = Math.min(effect.control.n, effect.treatment.n) < MINIMUM_UNITS;
        return {
          attribute,
          value,
          metric: metric.definition.key,
          arm: arm.key,
          effect,
          pValue: tooFew ? null : pValueOf(effect),
          qValue: null,
          direction: 'unclear',
          tooFew,
        };
      }),
    ),
  );
}

function withQValues(
  cells: readonly SegmentEffectCell[],
  metrics: readonly ReportMetric[],
  alpha: number,
): SegmentEffectCell[] {
  const better = new Map(metrics.map(({ definition }) => [definition.key, definition.betterWhen]));
  const adjusted = adjustPValues(
    cells.map(({ pValue }) => pValue),
    'fdr_bh',
  );
  return cells.map((cell, i) => {
    const qValue = adjusted[i] ?? null;
    const { estimate } = cell.effect;
    const clear = qValue !== null && qValue < alpha && estimate !== null && estimate !== 0;
    if (!clear) return { ...cell, qValue };
    const good = estimate > 0 === (better.get(cell.metric) === 'higher');
    return { ...cell, qValue, direction: good ? 'better' : 'worse' };
  });
}

function interactionOf(
  attribute: string,
  metric: ReportMetric,
  arm: string,
  cells: readonly SegmentEffectCell[],
  context: Context,
): SegmentInteraction {
  const key = metric.definition.key;
  const parts = cells.filter(
    (cell) => cell.attribute === attribute && cell.metric === key && cell.arm === arm && !cell.tooFew,
  );
  const effects = parts.flatMap(({ effect: { estimate, standardError } }) =>
    estimate === null || standardError === null ? [] : [{ effect: estimate, standardError }],
  );
  const none = { q: null, df: null, pValue: null, i2: null, qValue: null, reversed: false };
  const base = { attribute, metric: key, arm, segments: effects.length };
  if (effects.length < 2) return { ...base, ...none, reason: 'fewer_than_two_segments' };
  const found = heterogeneity(effects);
  if (!found.ok) return { ...base, ...none, reason: found.reason };
  const { q, df, pValue, i2 } = found.value;
  const whole = compare('', '', metric, arm, context).estimate ?? 0;
  const reversed = whole !== 0 && effects.every(({ effect }) => Math.sign(effect) === -Math.sign(whole));
  return { ...base, reason: null, q, df, pValue, qValue: null, i2, reversed };
}

function withInteractionQ(interactions: readonly SegmentInteraction[]): SegmentInteraction[] {
  const adjusted = adjustPValues(
    interactions.map(({ pValue }) => pValue),
    'fdr_bh',
  );
  return interactions.map((one, i) => ({ ...one, qValue: adjusted[i] ?? null }));
}
