import type { MetricDefinition } from '../contract.js';

export const cancellations: MetricDefinition = {
  key: 'cancellations',
  title: 'Cancellations',
  description: 'Share of units that cancelled their subscription since first exposure.',
  measuredIn: 'share',
  betterWhen: 'lower',
  family: 'guardrail',
  kind: 'proportion',
  numerator: { fold: 'any', events: ['cancel'], scope: 'unit' },
  maturityDays: 0,
  guardrailMargin: 0.1,
};
