import type { MetricDefinition } from '../contract.js';

export const approval: MetricDefinition = {
  key: 'approval',
  title: 'Approval',
  description: 'Thumbs up per thumb given, up or down.',
  measuredIn: 'share',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'ratio',
  numerator: { fold: 'count', events: ['thumbs_up'], scope: 'unit' },
  denominator: { fold: 'count', events: ['thumbs_up', 'thumbs_down'], scope: 'unit' },
  maturityDays: 0,
};
