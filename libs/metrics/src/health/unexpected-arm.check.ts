import type { HealthCheck } from '../contract.js';

export const unexpectedArmCheck: HealthCheck = {
  key: 'unexpected-arm',
  title: 'Closed arms',
  description: 'Arms of weight zero should receive nobody.',
  check(facts) {
    const closed = facts.arms.filter((arm) => arm.weight <= 0);
    if (closed.length === 0) return null;
    const leaking = closed.filter((arm) => arm.units > 0);
    const units = leaking.reduce((sum, arm) => sum + arm.units, 0);
    return {
      key: 'unexpected-arm',
      title: 'Closed arms',
      status: units > 0 ? 'warn' : 'pass',
      blocks: false,
      value: units,
      threshold: 0,
      unitsAffected: units,
      explanation:
        units > 0
          ? `${units} units were exposed to ${leaking.map((arm) => arm.key).join(', ')}, which should get nobody. They are left out of the split test.`
          : 'Nobody was exposed to an arm of weight zero.',
      likelyCauses: units > 0 ? ['A client that still holds an older allocation', 'An override list'] : [],
    };
  },
};
