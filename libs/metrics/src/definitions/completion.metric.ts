import type { MetricDefinition } from '../contract.js';

export const completion: MetricDefinition = {
  key: 'completion',
  title: 'Completion rate',
  description: 'Titles watched to the end per title started, anywhere in the product.',
  measuredIn: 'share',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'ratio',
  numerator: { fold: 'count', events: ['complete'], scope: 'unit' },
  denominator: { fold: 'count', events: ['play'], scope: 'unit' },
  maturityDays: 0,
};
