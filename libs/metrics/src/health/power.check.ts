import type { HealthFacts, PowerFact } from '../contract.js';
import { count, percent } from '../prose.js';
import { defineCheck } from './define-check.js';
import type { Finding } from './define-check.js';

const WANTED = 0.8;

function detectableText({ detectableLift, metric }: PowerFact): string {
  return detectableLift === null
    ? `no lift on ${metric}, however large,`
    : `a lift of ${percent(detectableLift, 1)} or more on ${metric}`;
}

const neededText = ({ unitsNeededPerArm }: PowerFact): string =>
  unitsNeededPerArm === null || unitsNeededPerArm === 0
    ? ''
    : ` About ${count(unitsNeededPerArm)} more units per arm are needed.`;

/** Where no end is known, the present size is the end. */
function judgePresent(power: PowerFact): Finding {
  const found = power.detectableLift !== null && power.detectableLift <= power.minimumLift;
  const shared = { value: power.detectableLift, threshold: power.minimumLift };
  if (power.decided && !found)
    return {
      ...shared,
      status: 'pass',
      explanation: `The effect on ${power.metric} is already clear of zero.`,
    };
  return found
    ? {
        ...shared,
        status: 'pass',
        explanation: `Large enough: ${detectableText(power)} would be found with 80 % probability.`,
      }
    : {
        ...shared,
        status: 'warn',
        explanation: `Underpowered: at this size ${detectableText(power)} would be found with 80 % probability, but ${percent(power.minimumLift, 1)} is what matters.${neededText(power)}`,
      };
}

function judge({ power }: HealthFacts): Finding | null {
  if (!power) return null;
  const projected = power.projectedPower;
  if (projected === undefined || projected === null) return judgePresent(power);
  const shared = { value: projected, threshold: WANTED };
  const sentence = `at the planned end a lift of ${percent(power.minimumLift, 1)} on ${power.metric} would be found with ${percent(projected, 0)} probability`;
  if (projected >= WANTED) return { ...shared, status: 'pass', explanation: `Large enough: ${sentence}.` };
  if (power.decided)
    return {
      ...shared,
      status: 'pass',
      explanation: `The effect on ${power.metric} is already clear of zero.`,
    };
  return { ...shared, status: 'warn', explanation: `Underpowered: ${sentence}.${neededText(power)}` };
}

export const powerCheck = defineCheck({
  key: 'power',
  title: 'Power',
  description: 'Whether the experiment is large enough to find the smallest effect that matters.',
  rule: 'Warns when the smallest lift that matters would be found with less than 80 % probability at the planned end (at the present size where no end is planned), by the estimator in use, unless the decision metric is decided.',
  threshold: WANTED,
  warning: 'POWER',
  causes: ['Too little traffic or too short', 'A metric with much variance: consider a covariate'],
  next: [
    'More traffic: raise the traffic share or run longer',
    'Fewer arms: each one takes units from the others',
    'Fewer decision metrics: each one tightens the test',
    'A covariate from before exposure (CUPED)',
    'A larger smallest lift that matters, if that is honest',
  ],
  judge,
});
