import type { HealthCheck } from '../contract.js';
import { count, percent } from '../prose.js';

export const powerCheck: HealthCheck = {
  key: 'power',
  title: 'Power',
  description: 'Whether the experiment is large enough to find the smallest effect that matters.',
  check(facts) {
    const { power } = facts;
    if (!power) return null;
    const shared = {
      key: 'power',
      title: 'Power',
      blocks: false,
      threshold: power.minimumLift,
      unitsAffected: null,
    };
    const found = power.detectableLift !== null && power.detectableLift <= power.minimumLift;
    const detectable =
      power.detectableLift === null
        ? 'no lift, however large,'
        : `a lift of ${percent(power.detectableLift, 1)} or more`;
    if (power.decided || found) {
      return {
        ...shared,
        status: 'pass',
        value: power.detectableLift,
        likelyCauses: [],
        explanation: found
          ? `Large enough: ${detectable} on ${power.metric} would be found with 80 % probability.`
          : `The effect on ${power.metric} is already clear of zero.`,
      };
    }
    const needed =
      power.unitsNeededPerArm === null
        ? ''
        : ` About ${count(power.unitsNeededPerArm)} more units per arm are needed.`;
    return {
      ...shared,
      status: 'warn',
      value: power.detectableLift,
      explanation: `Underpowered: at this size ${detectable} on ${power.metric} would be found with 80 % probability, but ${percent(power.minimumLift, 1)} is what matters.${needed}`,
      likelyCauses: ['Too little traffic or too short', 'A metric with much variance: consider a covariate'],
    };
  },
};
