import { describe, expect, it } from '@jest/globals';
import type { MetricDefinition } from '../contract.js';
import { describeMetricContract } from '../testing/metric.contract.js';
import { metricRegistry } from './index.js';
import { metricProblems } from './metric-problems.js';

for (const metric of metricRegistry.list()) describeMetricContract(metric);

describe('metric registry', () => {
  it('holds the metrics of the product', () => {
    expect(metricRegistry.list().map(({ key }) => key)).toEqual([
      'click-through',
      'play-rate',
      'watch-minutes',
      'completion',
      'sessions-per-week',
      'retention-day-1',
      'retention-day-7',
      'retention-day-28',
      'cancellations',
      'search-success',
      'approval',
      'skips-per-play',
      'pauses-per-play',
      'replays-per-play',
      'mean-rating',
      'list-adds',
      'notification-opens',
      'days-without-cancellation',
      'watch-minutes-p90',
      'search-to-play',
      'evening-watch-minutes',
      'tv-watch-minutes',
      'retention-week-2',
      'rolling-retention-day-7',
    ]);
  });

  it('matures retention only when the day is over', () => {
    expect(metricRegistry.get('retention-day-7')).toMatchObject({
      maturityDays: 8,
      numerator: { days: [7, 8] },
    });
  });
});

describe('metricProblems', () => {
  const good = metricRegistry.get('play-rate');
  const week = metricRegistry.get('retention-week-2');
  const toEvent = metricRegistry.get('days-without-cancellation');
  it.each<[string, Partial<MetricDefinition>, RegExp]>([
    [
      'an unknown outcome',
      { numerator: { ...good.numerator, events: ['plya'] } },
      /plya is no known outcome/,
    ],
    ['a ratio without a denominator', { kind: 'ratio' }, /has a denominator/],
    ['a proportion that counts', { numerator: { ...good.numerator, fold: 'count' } }, /folds by any/],
    ['units that enter too early', { numerator: { ...good.numerator, days: [0, 7] } }, /at least 7/],
    [
      'an empty range of days',
      { numerator: { ...good.numerator, days: [3, 3] }, maturityDays: 9 },
      /to > from/,
    ],
    ['a guardrail without margin', { family: 'guardrail' }, /tolerates/],
    ['a negative scale', { numerator: { ...good.numerator, scale: -1 } }, /scale/],
    ['a quantile without its level', { kind: 'quantile' }, /says which one/],
    ['a funnel without steps', { kind: 'funnel' }, /names the steps before/],
    ['a sum of nothing', { kind: 'sum' }, /folds by sum/],
    ['a cap on a share', { cap: { atMost: 3 } }, /can be capped/],
    ['a lift of nothing', { minimumLift: 0 }, /above 0/],
    [
      'rolling retention that ends early',
      { ...week, retention: 'rolling', maturityDays: 20 },
      /until the unit matures/,
    ],
    ['day retention over a week', { ...week, retention: 'day' }, /one day/],
    ['a time to an event that starts late', { ...week, kind: 'time-to-event' }, /from day 0/],
    [
      'a window after a decision that is not asked for',
      { numerator: { ...good.numerator, scope: 'unit', withinHours: 3 } },
      /need the scope/,
    ],
    [
      'a text where a number is compared',
      { numerator: { ...good.numerator, where: [{ field: 'hour', op: 'gte', value: 'evening' }] } },
      /takes a number/,
    ],
    [
      'a list that is none',
      { numerator: { ...good.numerator, where: [{ field: 'device', op: 'in', value: 'tv' }] } },
      /takes a list/,
    ],
    ['half a day to mature', { maturityDays: 0.5 }, /whole, from 0 to 365/],
    ['more than a year to mature', { maturityDays: 366 }, /whole, from 0 to 365/],
    ...[-1, 1.5, 366, Number.NaN].map(
      (maturityDays) =>
        [
          `a time to an event that matures after ${maturityDays} days`,
          { ...toEvent, maturityDays },
          /^maturityDays: .*whole, from 0 to 365/,
        ] as [string, Partial<MetricDefinition>, RegExp],
    ),
    [
      'a time to an event watched for half a day',
      { ...toEvent, numerator: { ...toEvent.numerator, days: [0, 0.5] as const } },
      /days must be whole/,
    ],
    ['a key with blanks', { key: 'Play rate' }, /key/],
    ['no description', { description: 'plays' }, /for people/],
  ])('finds %s', (_name, change, problem) => {
    expect(metricProblems({ ...good, ...change }).join('\n')).toMatch(problem);
  });
});
