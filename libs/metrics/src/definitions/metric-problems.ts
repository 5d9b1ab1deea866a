import type { EventSelection, Measure, MetricDefinition, MetricKind } from '../contract.js';
import { conditionFaults } from './condition-faults.js';
import { OUTCOME_NAMES } from './outcomes.js';
import type { MetricFault } from './outcomes.js';

const KEBAB = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const LONGEST_DAYS = 365;
/** Steps before the last one of a funnel; more would not fit the letters of their order (see metric-sql.ts). */
const MOST_STEPS = 4;

type Known = (outcome: string) => boolean;

const isShare = (x: number): boolean => x > 0 && x < 1;
const isWhole = (x: number): boolean => Number.isInteger(x) && x >= 0 && x <= LONGEST_DAYS;

function selectionFaults(at: string, selection: EventSelection, known: Known): MetricFault[] {
  const unknown = selection.events.filter((event) => !known(event));
  return [
    ...(unknown.length > 0
      ? [{ field: `${at}/events`, message: `${unknown.join(', ')} is no known outcome` }]
      : []),
    ...(selection.where ?? []).flatMap((condition, i) => conditionFaults(`${at}/where/${i}`, condition)),
  ];
}

function windowFaults(at: string, { days, scope, withinHours, fold }: Measure): MetricFault[] {
  const faults: MetricFault[] = [];
  if (days && !(isWhole(days[0]) && isWhole(days[1]) && days[1] > days[0]))
    faults.push({
      field: `${at}/days`,
      message: `days must be whole, [from, to) with to > from >= 0, at most ${LONGEST_DAYS}`,
    });
  if (withinHours !== undefined && !(withinHours > 0 && scope === 'decision' && fold !== 'exposures'))
    faults.push({
      field: `${at}/withinHours`,
      message: 'hours after the decision are positive and need the scope "decision" and outcomes',
    });
  return faults;
}

function measureFaults(at: string, measure: Measure, known: Known): MetricFault[] {
  const { fold, events, field, scale } = measure;
  const faults = selectionFaults(at, measure, known);
  if (fold === 'exposures' ? events.length > 0 : events.length === 0)
    faults.push({
      field: `${at}/events`,
      message: 'exposures name no outcomes, every other fold names some',
    });
  if (field !== undefined && fold !== 'sum')
    faults.push({ field: `${at}/field`, message: 'only the fold "sum" adds up a field' });
  if (scale !== undefined && !(scale > 0 && Number.isFinite(scale)))
    faults.push({ field: `${at}/scale`, message: 'scale must be positive' });
  return [...faults, ...windowFaults(at, measure)];
}

/** How each kind folds the events of a unit. */
const FOLDS: Readonly<Record<MetricKind, readonly Measure['fold'][]>> = {
  count: ['count', 'distinct-days', 'exposures'],
  sum: ['sum'],
  mean: ['count', 'sum', 'any', 'distinct-days', 'exposures'],
  proportion: ['any'],
  ratio: ['count', 'sum', 'any', 'distinct-days', 'exposures'],
  quantile: ['count', 'sum', 'distinct-days', 'exposures'],
  retention: ['any'],
  'time-to-event': ['first'],
  funnel: ['any'],
};

function shapeFaults(metric: MetricDefinition, known: Known): MetricFault[] {
  const { kind, numerator, denominator, quantile } = metric;
  const faults: MetricFault[] = [];
  if ((kind === 'ratio') !== (denominator !== undefined))
    faults.push({ field: 'denominator', message: 'a ratio, and only a ratio, has a denominator' });
  if (denominator && !FOLDS.ratio.includes(denominator.fold))
    faults.push({ field: 'denominator/fold', message: `a ratio folds by ${FOLDS.ratio.join(', ')}` });
  if (!FOLDS[kind].includes(numerator.fold))
    faults.push({ field: 'numerator/fold', message: `a ${kind} folds by ${FOLDS[kind].join(', ')}` });
  if ((kind === 'quantile') !== (quantile !== undefined) || (quantile !== undefined && !isShare(quantile)))
    faults.push({
      field: 'quantile',
      message: 'a quantile, and only a quantile, says which one, between 0 and 1',
    });
  return [...faults, ...stepFaults(metric, known)];
}

function stepFaults({ kind, after }: MetricDefinition, known: Known): MetricFault[] {
  if ((kind === 'funnel') !== (after !== undefined))
    return [{ field: 'after', message: 'a funnel, and only a funnel, names the steps before' }];
  if (!after) return [];
  if (after.length === 0 || after.length > MOST_STEPS)
    return [{ field: 'after', message: `a funnel has 1 to ${MOST_STEPS} steps before` }];
  return after.flatMap((step, i) => [
    ...selectionFaults(`after/${i}`, step, known),
    ...(step.events.length === 0
      ? [{ field: `after/${i}/events`, message: 'a step names its outcomes' }]
      : []),
  ]);
}

function retentionFaults({ kind, retention, numerator, maturityDays }: MetricDefinition): MetricFault[] {
  if (kind !== 'retention')
    return retention === undefined
      ? []
      : [{ field: 'retention', message: 'only a retention has a rule of days' }];
  const { days } = numerator;
  if (!days) return [{ field: 'numerator/days', message: 'retention names its day' }];
  if ((retention ?? 'day') === 'day' && days[1] !== days[0] + 1)
    return [{ field: 'numerator/days', message: 'retention on a day covers one day: [N, N + 1)' }];
  if (retention === 'rolling' && days[1] !== maturityDays)
    return [
      {
        field: 'numerator/days',
        message: 'rolling retention lasts until the unit matures: [N, maturityDays)',
      },
    ];
  return [];
}

function adjustmentFaults({ kind, cap, covariateDays }: MetricDefinition): MetricFault[] {
  const faults: MetricFault[] = [];
  if (cap && !['count', 'sum', 'mean'].includes(kind))
    faults.push({ field: 'cap', message: 'only a count, a sum and a mean can be capped' });
  if (cap && !('atMost' in cap ? cap.atMost > 0 && Number.isFinite(cap.atMost) : isShare(cap.quantile)))
    faults.push({ field: 'cap', message: 'a cap is a positive value, or a quantile between 0 and 1' });
  if (covariateDays === undefined) return faults;
  if (!(isWhole(covariateDays) && covariateDays > 0))
    faults.push({ field: 'covariateDays', message: 'covariateDays must be positive and whole' });
  if (['quantile', 'time-to-event', 'funnel', 'retention'].includes(kind))
    faults.push({ field: 'covariateDays', message: `a ${kind} has no covariate` });
  return faults;
}

function guardrailFaults({ family, guardrailMargin: margin, minimumLift }: MetricDefinition): MetricFault[] {
  const faults: MetricFault[] = [];
  if (margin === undefined && family === 'guardrail')
    faults.push({ field: 'guardrailMargin', message: 'a guardrail states the deterioration it tolerates' });
  if (margin !== undefined && !isShare(margin))
    faults.push({ field: 'guardrailMargin', message: 'guardrailMargin is a share between 0 and 1' });
  if (minimumLift !== undefined && !(minimumLift > 0 && minimumLift <= 10))
    faults.push({ field: 'minimumLift', message: 'minimumLift is a relative lift above 0, e.g. 0.02' });
  return faults;
}

function timeFaults(metric: MetricDefinition): MetricFault[] {
  const { kind, numerator, denominator, maturityDays } = metric;
  if (!isWhole(maturityDays))
    return [{ field: 'maturityDays', message: `maturityDays must be whole, from 0 to ${LONGEST_DAYS} days` }];
  if (kind === 'time-to-event') {
    return numerator.days?.[0] === 0
      ? []
      : [{ field: 'numerator/days', message: 'time to an event is watched from day 0: [0, days)' }];
  }
  const lastDay = Math.max(numerator.days?.[1] ?? 0, denominator?.days?.[1] ?? 0);
  return maturityDays >= lastDay
    ? []
    : [
        {
          field: 'maturityDays',
          message: `units enter only when all their days are over: maturityDays must be at least ${lastDay}`,
        },
      ];
}

/**
 * What is wrong with a metric as defined, by field; empty: nothing.
 * @param known which outcome names exist, default those of the product.
 */
export function metricFaults(
  metric: MetricDefinition,
  known: Known = (name) => OUTCOME_NAMES.some((outcome) => outcome === name),
): MetricFault[] {
  const faults: MetricFault[] = KEBAB.test(metric.key)
    ? []
    : [{ field: 'key', message: 'the key is lower case words joined by hyphens' }];
  const people = 'title and description are for people: say what it measures';
  if (metric.title.length < 3) faults.push({ field: 'title', message: `${people} (3 letters or more)` });
  if (metric.description.length < 20)
    faults.push({ field: 'description', message: `${people} (20 letters or more)` });
  return [
    ...faults,
    ...measureFaults('numerator', metric.numerator, known),
    ...(metric.denominator ? measureFaults('denominator', metric.denominator, known) : []),
    ...shapeFaults(metric, known),
    ...retentionFaults(metric),
    ...timeFaults(metric),
    ...adjustmentFaults(metric),
    ...guardrailFaults(metric),
  ];
}

/** The same in plain words. Checked by tests. */
export const metricProblems = (metric: MetricDefinition): string[] =>
  metricFaults(metric).map(({ field, message }) => `${field}: ${message}`);
