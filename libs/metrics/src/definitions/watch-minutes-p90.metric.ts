import type { MetricDefinition } from '../contract.js';

export const watchMinutesP90: MetricDefinition = {
  key: 'watch-minutes-p90',
  title: 'Watch minutes, 90th percentile',
  description:
    'Nine of ten units watched fewer minutes than this since first exposure. Shows whether the heaviest viewers change.',
  measuredIn: 'minutes',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'quantile',
  quantile: 0.9,
  numerator: { fold: 'sum', events: ['watch'], scope: 'unit', scale: 1 / 60 },
  maturityDays: 0,
};
