import type { HealthCheck } from '../contract.js';
import { MIN_UNITS_PER_ARM } from '../estimators/burn-in.js';

export const sampleSizeCheck: HealthCheck = {
  key: 'sample-size',
  title: 'Enough units',
  description: 'Below 100 units an arm the normal approximation behind every interval is not to be trusted.',
  check(facts) {
    const open = facts.arms.filter((arm) => arm.weight > 0);
    const smallest = open.length > 0 ? Math.min(...open.map((arm) => arm.units)) : 0;
    const enough = smallest >= MIN_UNITS_PER_ARM;
    return {
      key: 'sample-size',
      title: 'Enough units',
      status: enough ? 'pass' : 'warn',
      blocks: false,
      value: smallest,
      threshold: MIN_UNITS_PER_ARM,
      unitsAffected: null,
      explanation: enough
        ? `The smallest arm has ${smallest} units.`
        : `The smallest arm has ${smallest} units; results are shown from ${MIN_UNITS_PER_ARM} on.`,
      likelyCauses: enough
        ? []
        : ['The experiment has only begun', 'Targeting or traffic share lets few units in'],
    };
  },
};
