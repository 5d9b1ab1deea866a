import { defineCheck } from './define-check.js';
import type { PlanFact } from './facts.js';

/** What the planned end waits for; null: it is reached. */
function stillOpen({ endsAt, units }: PlanFact, asOf: string, totalUnits: number): string | null {
  const parts = [
    ...(endsAt === null ? ['after the planned days'] : []),
    ...(endsAt !== null && Date.parse(asOf) < Date.parse(endsAt) ? [endsAt.slice(0, 10)] : []),
    ...(units !== null && totalUnits < units ? [`with ${units.toLocaleString('en-US')} units`] : []),
  ];
  return parts.length > 0 ? parts.join(' and ') : null;
}

export const peekCheck = defineCheck({
  key: 'peek',
  title: 'Looked at before the end',
  description:
    'A fixed-size interval is meant for one look at a size fixed beforehand. Looked at daily, it finds effects where there are none.',
  rule: 'Warns when the chosen estimator is not valid under peeking and the planned days or units are not reached yet. The verdict is then "too early".',
  warning: 'PEEK',
  causes: ['A fixed-size estimator was chosen while the experiment runs'],
  next: ['Choose the confidence sequence, which may be read on any day', 'Or come back at the planned end'],
  judge({ estimator, plan, asOf, running, totalUnits }) {
    if (!estimator || !plan || asOf === undefined) return null;
    if (estimator.validUnderPeeking)
      return { status: 'pass', explanation: `${estimator.title} may be read on any day.` };
    const open = running === true ? stillOpen(plan, asOf, totalUnits) : null;
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
