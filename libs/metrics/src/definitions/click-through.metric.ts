import type { MetricDefinition } from '../contract.js';

export const clickThrough: MetricDefinition = {
  key: 'click-through',
  title: 'Click-through rate',
  description:
    'Clicks on what this experiment decided, per time it was seen. A ratio over all of the arm, not a mean of per-unit rates.',
  measuredIn: 'share',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'ratio',
  numerator: { fold: 'count', events: ['click'], scope: 'decision' },
  denominator: { fold: 'exposures', events: [], scope: 'decision' },
  maturityDays: 0,
};
