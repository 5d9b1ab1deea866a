import type { MetricDefinition } from '../contract.js';

export const watchMinutes: MetricDefinition = {
  key: 'watch-minutes',
  title: 'Watch minutes per unit',
  description:
    'Minutes watched since first exposure, anywhere in the product, per unit (units that watched nothing count as 0).',
  measuredIn: 'minutes',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'mean',
  numerator: { fold: 'sum', events: ['watch'], scope: 'unit', scale: 1 / 60 },
  maturityDays: 0,
  covariateDays: 14,
};
