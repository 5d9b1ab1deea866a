import { percent } from '../prose.js';
import { defineCheck, shareOf, worstOf } from './define-check.js';
import type { MaturityFact } from './facts.js';

const MAX_OPEN = 0.2;
const openShare = ({ matured, enrolled }: MaturityFact): number => shareOf(enrolled - matured, enrolled);

export const immatureCheck = defineCheck({
  key: 'immature',
  title: 'Retention matured',
  description: 'Only units whose retention window is over are counted; the others may yet come back or not.',
  rule: 'Warns when 20 % of the units or more have not reached the end of a retention window.',
  threshold: MAX_OPEN,
  warning: 'IMMATURE',
  causes: ['The window is longer than the experiment has run', 'Most units entered lately'],
  next: [
    'Wait for the window, or read a shorter one',
    'Do not compare matured units of arms that grew at different times',
  ],
  judge({ maturity }) {
    const known = (maturity ?? []).filter(({ enrolled }) => enrolled > 0);
    const worst = worstOf(known, openShare);
    if (!worst) return null;
    const open = known.filter((fact) => openShare(fact) >= MAX_OPEN);
    return {
      status: open.length > 0 ? 'warn' : 'pass',
      value: openShare(worst),
      unitsAffected: worst.enrolled - worst.matured,
      explanation:
        open.length > 0
          ? `${open.map((fact) => fact.metric).join(', ')}: not yet known for ${percent(openShare(worst), 0)} of the units (${worst.matured} of ${worst.enrolled} matured).`
          : `Every retention window is over for ${percent(1 - openShare(worst), 0)} of the units or more.`,
      rows: known.map((fact) => ({
        label: fact.metric,
        text: `${fact.matured.toLocaleString('en-US')} of ${fact.enrolled.toLocaleString('en-US')} matured`,
      })),
    };
  },
});
