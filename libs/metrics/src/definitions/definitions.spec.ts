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
    ['a key with blanks', { key: 'Play rate' }, /key/],
    ['no description', { description: 'plays' }, /for people/],
  ])('finds %s', (_name, change, problem) => {
    expect(metricProblems({ ...good, ...change }).join('\n')).toMatch(problem);
  });
});
