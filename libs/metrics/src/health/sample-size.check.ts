import { MIN_UNITS_PER_ARM } from '../estimators/burn-in.js';
import { defineCheck } from './define-check.js';

export const sampleSizeCheck = defineCheck({
  key: 'sample-size',
  title: 'Enough units',
  description:
    'Below 100 units an arm that are old enough to count, the normal approximation behind every interval is not to be trusted.',
  rule: 'Warns while an arm has fewer than 100 units that count for the decision metric. The verdict is then "too early".',
  threshold: MIN_UNITS_PER_ARM,
  warning: 'EARLY',
  causes: [
    'The experiment has only begun',
    'The decision metric counts units only after some days',
    'Targeting or traffic share lets few units in',
  ],
  next: ['Wait, or widen targeting or traffic in a new phase'],
  judge({ arms, matured }) {
    const open = arms.filter((arm) => arm.weight > 0);
    const exposed = open.length > 0 ? Math.min(...open.map((arm) => arm.units)) : 0;
    const smallest = Math.min(exposed, matured?.units ?? exposed);
    const enough = smallest >= MIN_UNITS_PER_ARM;
    const which = matured && smallest < exposed ? ` old enough for ${matured.metric}` : '';
    return {
      status: enough ? 'pass' : 'warn',
      value: smallest,
      explanation: enough
        ? `The smallest arm has ${smallest} units${which}.`
        : `The smallest arm has ${smallest} units${which}; results are shown from ${MIN_UNITS_PER_ARM} on.`,
    };
  },
});
