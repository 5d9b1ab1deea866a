import type { MetricDefinition } from '../contract.js';

export const listAdds: MetricDefinition = {
  key: 'list-adds',
  title: 'Titles added to the list',
  description: 'Titles added to the list per unit since first exposure.',
  measuredIn: 'count',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'count',
  numerator: { fold: 'count', events: ['list_add'], scope: 'unit' },
  maturityDays: 0,
  covariateDays: 14,
};
