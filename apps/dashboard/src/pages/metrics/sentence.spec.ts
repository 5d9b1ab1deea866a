import { describe, expect, it } from '@jest/globals';
import type { MetricBody } from '../../api/types-metrics.js';
import { bodyOf, draftOf, emptyMetric, valueOf, withKind } from './metric-draft.js';
import { metricSentence } from './sentence.js';

const base: MetricBody = {
  key: 'm',
  title: 'Metric',
  description: 'A metric of the tests, in words.',
  measuredIn: 'count',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'count',
  numerator: { fold: 'count', events: ['play'], scope: 'unit' },
  maturityDays: 0,
};

const CASES: readonly (readonly [sentence: string, change: Partial<MetricBody>])[] = [
  [
    'The mean over all units of the number of “play” events anywhere in the product, since first exposure. Higher is better.',
    {},
  ],
  [
    'The mean over all units of the sum of the values of “watch” events where the device is one of tv, smart-tv and the hour of day is at least 18, divided by 60 anywhere in the product, from day 0 to day 6 after first exposure. One unit counts for at most 300. A unit counts once 7 days have passed since its first exposure. Adjusted by the same number in the 14 days before first exposure. Higher is better. A lift of 2.0% is the smallest that matters.',
    {
      kind: 'sum',
      numerator: {
        fold: 'sum',
        events: ['watch'],
        where: [
          { field: 'device', op: 'in', value: ['tv', 'smart-tv'] },
          { field: 'hour', op: 'gte', value: 18 },
        ],
        scope: 'unit',
        days: [0, 7],
        scale: 1 / 60,
      },
      cap: { atMost: 300 },
      maturityDays: 7,
      covariateDays: 14,
      minimumLift: 0.02,
    },
  ],
  [
    'The share of units with at least one “cancel” anywhere in the product, since first exposure. Lower is better. As a guardrail it may get worse by 5.0% at most.',
    {
      kind: 'proportion',
      betterWhen: 'lower',
      numerator: { fold: 'any', events: ['cancel'], scope: 'unit' },
      guardrailMargin: 0.05,
    },
  ],
  [
    'In each arm, the number of “click” events of all units, divided by the number of decisions that were seen from what the experiment decided, within 6 hours of the decision, since first exposure. Higher is better.',
    {
      kind: 'ratio',
      numerator: { fold: 'count', events: ['click'], scope: 'decision', withinHours: 6 },
      denominator: { fold: 'exposures', events: [], scope: 'decision' },
    },
  ],
  [
    'What 90% of the units stay below, of the sum of the values of “watch” events per unit anywhere in the product, since first exposure. Higher is better.',
    { kind: 'quantile', quantile: 0.9, numerator: { fold: 'sum', events: ['watch'], scope: 'unit' } },
  ],
  [
    'The share of units with “play” or “session_start” on day 7 or later, until day 27, after first exposure anywhere in the product. A unit counts once 28 days have passed since its first exposure. Higher is better.',
    {
      kind: 'retention',
      retention: 'rolling',
      numerator: { fold: 'any', events: ['play', 'session_start'], scope: 'unit', days: [7, 28] },
      maturityDays: 28,
    },
  ],
  [
    'The mean number of days without “cancel” during the first 28 days after first exposure anywhere in the product. Higher is better.',
    { kind: 'time-to-event', numerator: { fold: 'first', events: ['cancel'], scope: 'unit', days: [0, 28] } },
  ],
  [
    'Of the units with “search” and then “search_success”, the share that went on to “play” anywhere in the product, since first exposure. Higher is better.',
    {
      kind: 'funnel',
      after: [{ events: ['search'] }, { events: ['search_success'] }],
      numerator: { fold: 'any', events: ['play'], scope: 'unit' },
    },
  ],
];

describe('metricSentence', () => {
  it.each(CASES)('%s', (sentence, change) => {
    expect(metricSentence({ ...base, ...change })).toBe(sentence);
  });

  it('can be read of an unfinished form', () => {
    for (const kind of ['ratio', 'funnel', 'quantile', 'retention', 'time-to-event'] as const)
      expect(metricSentence(bodyOf(withKind(emptyMetric(), kind)))).not.toMatch(/undefined|NaN/);
  });
});

describe('the form of a metric', () => {
  it.each(CASES)('gives back what it was opened with: %s', (_sentence, change) => {
    const metric = { ...base, ...change };
    const body = bodyOf(draftOf(metric));
    expect(body).toEqual(
      metric.kind === 'retention' ? { ...metric, retention: metric.retention ?? 'day' } : metric,
    );
  });

  it('takes numbers and truths as such, and texts in quotes as texts', () => {
    expect(['18', 'true', 'tv', '"18"', ' tv '].map(valueOf)).toEqual([18, true, 'tv', '18', 'tv']);
    const where = [{ field: 'property:code', op: 'eq', value: '18' }];
    const metric = { ...base, numerator: { ...base.numerator, where } };
    expect(bodyOf(draftOf(metric)).numerator.where).toEqual(where);
  });
});
