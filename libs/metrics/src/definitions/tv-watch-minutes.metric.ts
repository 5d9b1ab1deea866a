import type { MetricDefinition } from '../contract.js';

export const tvWatchMinutes: MetricDefinition = {
  key: 'tv-watch-minutes',
  title: 'Watch minutes on television',
  description: 'Minutes watched on a television since first exposure, per unit.',
  measuredIn: 'minutes',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'sum',
  numerator: {
    fold: 'sum',
    events: ['watch'],
    where: [{ field: 'device', op: 'in', value: ['tv', 'smart-tv'] }],
    scope: 'unit',
    scale: 1 / 60,
  },
  maturityDays: 0,
};
