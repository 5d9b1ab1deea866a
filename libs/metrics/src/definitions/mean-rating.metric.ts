import type { MetricDefinition } from '../contract.js';

export const meanRating: MetricDefinition = {
  key: 'mean-rating',
  title: 'Mean rating',
  description: 'Mean of the ratings given since first exposure. Each rating counts once, whoever gave it.',
  measuredIn: 'number',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'ratio',
  numerator: { fold: 'sum', events: ['rating'], scope: 'unit' },
  denominator: { fold: 'count', events: ['rating'], scope: 'unit' },
  maturityDays: 0,
};
