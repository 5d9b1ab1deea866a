import type { HealthFacts } from '../contract.js';
import { percent } from '../prose.js';
import { defineCheck } from './define-check.js';
import type { Finding } from './define-check.js';
import type { EstimatorFact, PlanFact } from './facts.js';

/**
 * What the planned end waits for; null: it is reached. An experiment that was stopped did not go on to its planned
 * day, so its own days count; else whoever stops on a good day would be at the end.
 */
function stillOpen(plan: PlanFact, facts: HealthFacts): string | null {
  const { units } = plan;
  const parts = [
    dayMissing(plan, facts),
    units !== null && facts.totalUnits < units ? `with ${units.toLocaleString('en-US')} units` : null,
  ].filter((part) => part !== null);
  return parts.length > 0 ? parts.join(' and ') : null;
}

function dayMissing({ days, endsAt }: PlanFact, { asOf, running, daysRunning }: HealthFacts): string | null {
  if (endsAt === null) return 'after the planned days';
  if (running === false && daysRunning !== null) return daysRunning < days ? `after ${days} days` : null;
  return asOf !== undefined && Date.parse(asOf) < Date.parse(endsAt) ? endsAt.slice(0, 10) : null;
}

function atLooks({ title, looks }: EstimatorFact): Finding | null {
  if (!looks) return null;
  const now = percent(looks.now, 0);
  if (looks.next === null)
    return { status: 'pass', value: looks.now, explanation: `${title} is read at a planned look (${now}).` };
  return {
    status: 'warn',
    value: looks.now,
    threshold: looks.next,
    explanation: `${title} is valid only at its planned looks: next at ${percent(looks.next, 0)} of the planned units (now ${now}). Read between them, it raises false alarms.`,
  };
}

export const peekCheck = defineCheck({
  key: 'peek',
  title: 'Looked at before the end',
  description:
    'A fixed-size interval is meant for one look at a size fixed beforehand. Looked at daily, it finds effects where there are none.',
  rule: 'Warns when the chosen estimator is not valid under peeking and the planned days or units are not reached, also when it was stopped; and between planned looks. The verdict is then "too early".',
  warning: 'PEEK',
  causes: [
    'A fixed-size estimator was chosen while the experiment runs',
    'It was stopped before its planned end',
  ],
  next: ['Choose the confidence sequence, which may be read on any day', 'Or come back at the planned end'],
  judge(facts) {
    const { estimator, plan, asOf, totalUnits } = facts;
    const looked = estimator ? atLooks(estimator) : null;
    if (looked) return looked;
    if (!estimator || !plan || asOf === undefined) return null;
    if (estimator.validUnderPeeking)
      return { status: 'pass', explanation: `${estimator.title} may be read on any day.` };
    const open = stillOpen(plan, facts);
    if (open === null)
      return { status: 'pass', explanation: `${estimator.title} is read at the planned end.` };
    return {
      status: 'warn',
      value: totalUnits,
      threshold: plan.units,
      explanation: `${estimator.title} is valid only at the planned end: ${open}. Read earlier, it raises false alarms.`,
    };
  },
});
