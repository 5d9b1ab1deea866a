import type { MetricDefinition } from '../contract.js';

export const sessionsPerWeek: MetricDefinition = {
  key: 'sessions-per-week',
  title: 'Sessions per week',
  description:
    'Sessions started in the seven days from first exposure. Only units exposed at least seven days ago count, so that every unit had the same time.',
  measuredIn: 'per-week',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'mean',
  numerator: { fold: 'count', events: ['session_start'], scope: 'unit', days: [0, 7] },
  maturityDays: 7,
  covariateDays: 14,
};
