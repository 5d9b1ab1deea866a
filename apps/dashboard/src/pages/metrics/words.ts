import type { MeasuredIn } from '../../api/types.js';
import type { Fold, MetricKind } from '../../api/types-metrics.js';

/** The one vocabulary of metrics. */
export const KIND: Readonly<Record<MetricKind, string>> = {
  count: 'Count',
  sum: 'Sum',
  mean: 'Mean per unit',
  proportion: 'Proportion',
  ratio: 'Ratio',
  quantile: 'Quantile',
  retention: 'Retention',
  'time-to-event': 'Time to event',
  funnel: 'Funnel step',
};

export const KIND_HINT: Readonly<Record<MetricKind, string>> = {
  count: 'How often something happens, per unit',
  sum: 'Values added up, per unit',
  mean: 'Any number per unit, such as active days',
  proportion: 'The share of units with whom it happens at least once',
  ratio: 'One total over another, such as clicks per exposure',
  quantile: 'What a given share of units stays below, such as the 90th percentile',
  retention: 'Who comes back on certain days',
  'time-to-event': 'How long until something happens, such as cancelling',
  funnel: 'Of those who took the steps before, who takes the next',
};

export const FOLD: Readonly<Record<Fold, string>> = {
  count: 'Number of events',
  sum: 'Sum of a value',
  any: 'Whether there was one',
  'distinct-days': 'Days with one',
  exposures: 'Decisions that were seen',
  first: 'Days to the first one',
};

export const MEASURED_IN: Readonly<Record<MeasuredIn, string>> = {
  share: 'Percent',
  minutes: 'Minutes',
  count: 'Count',
  'per-week': 'Per week',
  days: 'Days',
  number: 'Plain number',
};

/** Words of one record as the entries of a choice. */
export const choices = (words: Readonly<Record<string, string>>, keys = Object.keys(words)) =>
  keys.map((value) => ({ value, label: words[value] ?? value }));
