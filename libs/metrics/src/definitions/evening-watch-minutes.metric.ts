import type { MetricDefinition } from '../contract.js';

export const eveningWatchMinutes: MetricDefinition = {
  key: 'evening-watch-minutes',
  title: 'Watch minutes in the evening',
  description:
    'Minutes watched from 18:00 to midnight since first exposure, per unit. The hour is the local one where the event or its decision tells it, else UTC.',
  measuredIn: 'minutes',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'sum',
  numerator: {
    fold: 'sum',
    events: ['watch'],
    where: [{ field: 'hour', op: 'gte', value: 18 }],
    scope: 'unit',
    scale: 1 / 60,
  },
  maturityDays: 0,
};
