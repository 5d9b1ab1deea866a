import type { MetricDefinition } from '../contract.js';

export const notificationOpens: MetricDefinition = {
  key: 'notification-opens',
  title: 'Notifications opened',
  description: 'Notifications opened per unit since first exposure.',
  measuredIn: 'count',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'count',
  numerator: { fold: 'count', events: ['notification_opened'], scope: 'unit' },
  maturityDays: 0,
};
