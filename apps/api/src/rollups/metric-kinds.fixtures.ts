import type { EventCondition, MetricDefinition } from '#metrics';
import { metricRegistry } from '#metrics';

const BASE: MetricDefinition = {
  key: 'base',
  title: 'Base of the test metrics',
  description: 'A metric of the tests, made of parts.',
  measuredIn: 'count',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'count',
  numerator: { fold: 'count', events: ['play'], scope: 'unit' },
  maturityDays: 0,
};

type Change = Omit<Partial<MetricDefinition>, 'numerator' | 'denominator'> & {
  numerator?: Partial<MetricDefinition['numerator']>;
  denominator?: Partial<MetricDefinition['numerator']>;
};

const made = (key: string, { numerator, denominator, ...change }: Change): MetricDefinition => ({
  ...BASE,
  ...change,
  key,
  numerator: { ...BASE.numerator, ...numerator },
  ...(denominator ? { denominator: { ...BASE.numerator, ...denominator } } : {}),
});

/** Every field and operator, and what they have to cope with: nothing known, other types, several at once. */
const CONDITIONS: readonly (readonly EventCondition[])[] = [
  [{ field: 'value', op: 'gte', value: 2000 }],
  [{ field: 'value', op: 'exists' }],
  [{ field: 'position', op: 'lt', value: 2 }],
  [{ field: 'position', op: 'in', value: [0, 3] }],
  [{ field: 'itemId', op: 'eq', value: 'i1' }],
  [{ field: 'actionId', op: 'notIn', value: ['a1', "a'; drop table event; --"] }],
  [{ field: 'hour', op: 'gte', value: 18 }],
  [
    { field: 'hour', op: 'gt', value: 5 },
    { field: 'hour', op: 'lte', value: 12 },
  ],
  [{ field: 'device', op: 'in', value: ['tv', 'smart-tv'] }],
  [{ field: 'device', op: 'ne', value: 'phone' }],
  [{ field: 'property:speed', op: 'lt', value: 1.5 }],
  [{ field: 'property:speed', op: 'notExists' }],
  [{ field: 'property:quality', op: 'eq', value: 'hd' }],
  [{ field: 'context:plan', op: 'ne', value: 'basic' }],
  [{ field: 'context:kids', op: 'eq', value: true }],
];

const OF_CONDITIONS = CONDITIONS.map((where, i) =>
  made(`filter-${i}`, { numerator: { events: ['play', 'watch'], where } }),
);

const TESTED: readonly MetricDefinition[] = [
  made('count-window', { numerator: { days: [1, 3] }, maturityDays: 3 }),
  made('count-own', { numerator: { scope: 'decision' } }),
  made('count-soon', { numerator: { scope: 'decision', withinHours: 6 } }),
  made('count-tv-exposures', {
    numerator: {
      fold: 'exposures',
      events: [],
      scope: 'decision',
      where: [{ field: 'device', op: 'eq', value: 'tv' }],
    },
  }),
  made('count-days', { numerator: { fold: 'distinct-days' } }),
  made('sum-speed', { kind: 'sum', numerator: { fold: 'sum', field: 'property:speed' } }),
  made('sum-capped', {
    kind: 'sum',
    numerator: { fold: 'sum', events: ['watch'] },
    cap: { atMost: 3000 },
    covariateDays: 7,
  }),
  made('sum-capped-quantile', {
    kind: 'sum',
    numerator: { fold: 'sum', events: ['watch'] },
    cap: { quantile: 0.8 },
    covariateDays: 7,
  }),
  made('mean-hours', { kind: 'mean', numerator: { fold: 'sum', events: ['watch'], scale: 1 / 3600 } }),
  made('proportion-early', {
    kind: 'proportion',
    numerator: { fold: 'any', where: [{ field: 'hour', op: 'lt', value: 9 }] },
  }),
  made('ratio-filtered', {
    kind: 'ratio',
    numerator: { where: [{ field: 'property:quality', op: 'eq', value: 'hd' }] },
    denominator: { events: ['play', 'watch'] },
  }),
  made('quantile-half', {
    kind: 'quantile',
    quantile: 0.5,
    numerator: { fold: 'sum', events: ['watch', 'rating'] },
  }),
  made('quantile-tied', { kind: 'quantile', quantile: 0.5, numerator: { fold: 'sum', events: ['cancel'] } }),
  made('quantile-mature', {
    kind: 'quantile',
    quantile: 0.75,
    numerator: { fold: 'sum', events: ['watch'], days: [0, 2] },
    maturityDays: 2,
  }),
  made('retention-window', {
    kind: 'retention',
    retention: 'window',
    numerator: { fold: 'any', days: [2, 5] },
    maturityDays: 5,
  }),
  made('retention-rolling', {
    kind: 'retention',
    retention: 'rolling',
    numerator: { fold: 'any', days: [3, 7] },
    maturityDays: 7,
  }),
  made('time-to-play', {
    kind: 'time-to-event',
    measuredIn: 'days',
    numerator: { fold: 'first', days: [0, 4] },
  }),
  made('time-to-tv-play', {
    kind: 'time-to-event',
    measuredIn: 'days',
    numerator: { fold: 'first', days: [0, 3], where: [{ field: 'device', op: 'eq', value: 'tv' }] },
    maturityDays: 3,
  }),
  made('funnel-2', {
    kind: 'funnel',
    after: [{ events: ['search'] }],
    numerator: { fold: 'any', events: ['play'] },
  }),
  made('funnel-3-window', {
    kind: 'funnel',
    after: [{ events: ['search'] }, { events: ['search_success'] }],
    numerator: { fold: 'any', events: ['play'], days: [0, 2] },
    maturityDays: 2,
  }),
  made('funnel-same-outcome', {
    kind: 'funnel',
    after: [{ events: ['play'] }, { events: ['play', 'watch'] }],
    numerator: {
      fold: 'any',
      events: ['play'],
      where: [{ field: 'property:quality', op: 'eq', value: 'hd' }],
    },
  }),
  made('funnel-own', {
    kind: 'funnel',
    after: [{ events: ['click'] }],
    numerator: { fold: 'any', events: ['play'], scope: 'decision' },
  }),
];

/** Metrics that analysts could have made: every kind, window, scope, filter and cap. */
export const OWN_METRICS: readonly MetricDefinition[] = [...TESTED, ...OF_CONDITIONS];

/** Those, and all of the program. */
export const ALL_METRICS: readonly MetricDefinition[] = [...metricRegistry.list(), ...OWN_METRICS];
