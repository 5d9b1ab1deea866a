import type { MetricDefinition } from '../contract.js';

export const daysWithoutCancellation: MetricDefinition = {
  key: 'days-without-cancellation',
  title: 'Days without cancellation',
  description:
    'Mean days as a subscriber during the first 28 days after first exposure. Units still under way count for as long as they have been watched.',
  measuredIn: 'days',
  betterWhen: 'higher',
  family: 'retention',
  kind: 'time-to-event',
  numerator: { fold: 'first', events: ['cancel'], scope: 'unit', days: [0, 28] },
  maturityDays: 0,
};
