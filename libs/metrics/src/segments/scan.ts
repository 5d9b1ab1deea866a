import { comparisonOf, pValueOf, planOfPair } from '../comparison.js';
import type { Comparison } from '../comparison.js';
import type { Effect, EstimateOptions, Estimator, LookPlan, Moments } from '../contract.js';
import { welch } from '../estimators/welch.js';
import { EMPTY_MOMENTS, merge } from '../moments.js';
import { adjustPValues } from '../multiplicity.js';
import type { ReportArm, ReportMetric, ReportOptions } from '../report.contract.js';
import { dimensionOf } from './dimension.js';
import type { Dimension } from './dimension.js';
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
  readonly options: ReportOptions;
  readonly moments: ReadonlyMap<string, Moments>;
}

/**
 * The effect of every arm on every metric in every segment, raw and shrunken towards the mean of its attribute's
 * segments, with Benjamini-Hochberg q-values over the whole table, Cochran's Q per attribute, metric and arm (does the
 * effect differ between segments?), and the attributes whose mix differs between arms. Exploratory by construction:
 * segments are chosen by the data that they are tested on. Cochran's Q and the shrinkage are for one look at a fixed
 * size even where the cells come from another estimator: they are made of Welch's effects. A look plan is cut down to
 * each segment's share of the units, so that a segment is at the same look as the whole. Where clusters were assigned, cells
 * are moments of clusters, and attributes whose segments share clusters have neither test nor shrinkage between them. Pure.
 * @throws DomainError `unknown_key` for an unknown estimator, `invalid_report` without a baseline arm or for an alpha
 * outside (0, 1). Odd data give undefined effects with a reason.
 */
export function scanSegments(input: SegmentScanInput): SegmentScan {
  const context = contextOf(input);
  const dimensions = dimensionsOf(input, context);
  const cells = withQValues(
    input.attributes.flatMap((attribute) => cellsOf(attribute, input.metrics, dimensions, context)),
    input.metrics,
    context.alpha,
  );
  const interactions = withInteractionQ([...dimensions.values()].map(({ interaction }) => interaction));
  const known = (list: readonly { readonly pValue: number | null }[]): number =>
    list.filter(({ pValue }) => pValue !== null).length;
  const arms = [context.baseline, ...context.treatments].map(({ key }) => key);
  return {
    estimator: context.estimator.key,
    alpha: context.alpha,
    adjust: context.options.adjust ?? true,
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
    imbalances: input.attributes.flatMap((attribute) =>
      attribute.sharesClusters ? [] : (imbalanceOf(attribute, arms) ?? []),
    ),
    tests: { cells: known(cells), interactions: known(interactions) },
  };
}

const cellKey = (attribute: string, value: string, metric: string, arm: string): string =>
  `${attribute}\u0000${value}\u0000${metric}\u0000${arm}`;

function contextOf(input: SegmentScanInput): Context {
  const options = input.options ?? {};
  return { ...comparisonOf(input.arms, options), options, moments: indexMoments(input) };
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

/** One arm against the baseline in one segment; of all units with an empty attribute and value. */
interface Place {
  readonly attribute: string;
  readonly value: string;
  readonly metric: ReportMetric;
  readonly arm: ReportArm;
}

const WHOLE = { attribute: '', value: '' };

function momentsAt({ attribute, value, metric, arm }: Place, context: Context): [Moments, Moments] {
  const of = (key: string): Moments =>
    context.moments.get(cellKey(attribute, value, metric.definition.key, key)) ?? EMPTY_MOMENTS;
  return [of(context.baseline.key), of(arm.key)];
}

const unitsAt = (place: Place, context: Context): number =>
  momentsAt(place, context).reduce((sum, { n }) => sum + n, 0);

const hasTooFew = (place: Place, context: Context): boolean =>
  momentsAt(place, context).some(({ n }) => n < MINIMUM_UNITS);

function compare(place: Place, context: Context, estimator: Estimator = context.estimator): Effect {
  const [control, treatment] = momentsAt(place, context);
  const { definition } = place.metric;
  const { sequentialTuning, lookPlan, priorLiftSd, minimumLift } = context.options;
  const options: EstimateOptions = {
    alpha: context.alpha,
    adjust: context.options.adjust ?? true,
    kind: definition.kind,
    betterWhen: definition.betterWhen,
    ...(minimumLift === undefined ? {} : { equivalence: minimumLift }),
    ...(priorLiftSd === undefined ? {} : { priorLiftSd }),
    ...(sequentialTuning === undefined ? {} : { sequentialTuning }),
    ...(lookPlan === undefined ? {} : { lookPlan: planOfSegment(lookPlan, place, context) }),
  };
  return estimator.compare(control, treatment, options);
}

function planOfSegment(plan: LookPlan, place: Place, context: Context): LookPlan {
  const pair = planOfPair(plan, place.arm, context);
  const all = unitsAt({ ...place, ...WHOLE }, context);
  const share = all > 0 ? unitsAt(place, context) / all : 1;
  return { ...pair, plannedUnits: pair.plannedUnits * share };
}

const dimensionKey = (attribute: string, metric: string, arm: string): string =>
  cellKey(attribute, '', metric, arm);

function dimensionsOf(input: SegmentScanInput, context: Context): Map<string, Dimension> {
  const all = new Map<string, Dimension>();
  for (const { attribute, values, sharesClusters = false } of input.attributes)
    for (const metric of input.metrics)
      for (const arm of context.treatments) {
        const { key } = metric.definition;
        const parts = values
          .map(({ value }): Place => ({ attribute, value, metric, arm }))
          .filter((place) => !hasTooFew(place, context))
          .map((place) => ({ value: place.value, effect: compare(place, context, welch) }));
        const whole = compare({ ...WHOLE, metric, arm }, context, welch);
        all.set(
          dimensionKey(attribute, key, arm.key),
          dimensionOf({ attribute, metric: key, arm: arm.key }, parts, whole, {
            alpha: context.alpha,
            sharesClusters,
          }),
        );
      }
  return all;
}

function cellsOf(
  { attribute, values }: SegmentAttribute,
  metrics: readonly ReportMetric[],
  dimensions: ReadonlyMap<string, Dimension>,
  context: Context,
): SegmentEffectCell[] {
  return values.flatMap(({ value }) =>
    metrics.flatMap((metric) =>
      context.treatments.map((arm): SegmentEffectCell => {
        const place = { attribute, value, metric, arm };
        const { key } = metric.definition;
        const effect = compare(place, context);
        const tooFew = hasTooFew(place, context);
        return {
          attribute,
          value,
          metric: key,
          arm: arm.key,
          effect,
          shrunken: dimensions.get(dimensionKey(attribute, key, arm.key))?.shrunken.get(value) ?? null,
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

function withInteractionQ(interactions: readonly SegmentInteraction[]): SegmentInteraction[] {
  const adjusted = adjustPValues(
    interactions.map(({ pValue }) => pValue),
    'fdr_bh',
  );
  return interactions.map((one, i) => ({ ...one, qValue: adjusted[i] ?? null }));
}
