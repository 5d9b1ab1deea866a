import type { MetricDefinition } from '#metrics';

/** Built-in metrics of further kinds. */
export const FURTHER = ['tv-watch-minutes', 'evening-watch-minutes', 'search-to-play', 'watch-minutes-p90'];

const own = (
  key: string,
  {
    numerator,
    ...part
  }: Partial<Omit<MetricDefinition, 'numerator'>> & {
    readonly numerator: Partial<MetricDefinition['numerator']>;
  },
): MetricDefinition => ({
  key,
  title: key,
  description: 'A metric of the tests.',
  measuredIn: 'count',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'count',
  maturityDays: 0,
  ...part,
  numerator: { fold: 'count', events: ['play'], scope: 'unit', ...numerator },
});

/** Analysts' metrics: filters of every part, and kinds that are no means. */
export const OWN_METRICS: readonly MetricDefinition[] = [
  own('fast-plays', { numerator: { where: [{ field: 'property:speed', op: 'gt', value: 1 }] } }),
  own('speeds', { kind: 'sum', numerator: { fold: 'sum', field: 'property:speed' } }),
  own('soon-clicks', { numerator: { events: ['click'], scope: 'decision', withinHours: 36 } }),
  own('click-then-complete', {
    kind: 'funnel',
    measuredIn: 'share',
    after: [{ events: ['click'] }],
    numerator: { fold: 'any', events: ['complete'] },
  }),
  own('first-click', {
    kind: 'time-to-event',
    measuredIn: 'days',
    numerator: { fold: 'first', events: ['click'], days: [0, 28] },
  }),
  own('capped-seconds', {
    kind: 'sum',
    cap: { quantile: 0.9 },
    numerator: { fold: 'sum', events: ['watch'] },
  }),
];
