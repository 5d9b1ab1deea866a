import { percent } from '../prose.js';
import { defineCheck, worstOf } from './define-check.js';
import type { GuardrailFact } from './facts.js';

/** The whole interval lies beyond what is tolerated. */
const isCrossed = ({ leastHarm, margin, harmed }: GuardrailFact): boolean =>
  harmed && leastHarm !== null && leastHarm > margin;

export const guardrailCheck = defineCheck({
  key: 'guardrail',
  title: 'Guardrails',
  description: 'Metrics that must not get worse by more than a margin, watched for harm.',
  rule: 'Warns when a guardrail is clearly worse than the baseline and not shown to be within its margin. Fails when its whole interval lies beyond the margin. The verdict is then "stop".',
  warning: 'GUARD',
  causes: ['The treatment does harm', 'It breaks something for some clients: look at segments'],
  next: [
    'Tell the owner now',
    'Pause or stop the experiment, or give the arm no traffic',
    'Look at when it began and for whom',
  ],
  judge({ guardrails }) {
    if (!guardrails || guardrails.length === 0) return null;
    const harmed = guardrails.filter((fact) => fact.harmed);
    const crossed = harmed.filter(isCrossed);
    const worst = worstOf(harmed, ({ leastHarm, margin }) => (leastHarm ?? 0) - margin);
    if (!worst)
      return {
        status: 'pass',
        explanation: `None of ${guardrails.length} guardrail comparisons is clearly worse than tolerated.`,
      };
    const names = (facts: readonly GuardrailFact[]): string =>
      facts.map(({ metric, arm }) => `${metric} in ${arm}`).join(', ');
    return {
      status: crossed.length > 0 ? 'fail' : 'warn',
      value: worst.leastHarm,
      threshold: worst.margin,
      explanation:
        crossed.length > 0
          ? `${names(crossed)}: the whole interval is beyond the tolerated ${percent(worst.margin, 1)}.`
          : `${names(harmed)}: clearly worse, and not shown to be within the tolerated ${percent(worst.margin, 1)}.`,
      rows: harmed.map((fact) => ({
        label: `${fact.metric}, ${fact.arm}`,
        text: `${fact.leastHarm === null ? 'worse' : `worse by at least ${percent(fact.leastHarm, 1)}`}, tolerated ${percent(fact.margin, 1)}`,
      })),
    };
  },
});
