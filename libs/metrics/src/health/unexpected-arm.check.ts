import { defineCheck } from './define-check.js';

export const unexpectedArmCheck = defineCheck({
  key: 'unexpected-arm',
  title: 'Closed arms',
  description: 'Arms of weight zero should receive nobody.',
  rule: 'Warns when an arm of weight zero has a unit.',
  threshold: 0,
  causes: ['A client that still holds an older allocation', 'An override list'],
  next: ['Look at the newest decisions of that arm: which client still asks with the old allocation?'],
  judge({ arms }) {
    const closed = arms.filter((arm) => arm.weight <= 0);
    if (closed.length === 0) return null;
    const leaking = closed.filter((arm) => arm.units > 0);
    const units = leaking.reduce((sum, arm) => sum + arm.units, 0);
    return {
      status: units > 0 ? 'warn' : 'pass',
      value: units,
      unitsAffected: units,
      explanation:
        units > 0
          ? `${units} units were exposed to ${leaking.map((arm) => arm.key).join(', ')}, which should get nobody. They are left out of the split test.`
          : 'Nobody was exposed to an arm of weight zero.',
    };
  },
});
