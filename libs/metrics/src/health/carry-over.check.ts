import { percent } from '../prose.js';
import { defineCheck, shareOf } from './define-check.js';

const MAX_SHARE = 0.05;

export const carryOverCheck = defineCheck({
  key: 'carry-over',
  title: 'Carry-over from before',
  description:
    'After the units were dealt anew, those that were in an earlier phase may still act on what they saw there. Both arms hold as many of them, so the difference is not biased by that alone, but it can be smaller or larger than for new units.',
  rule: 'Warns when 5 % of the newest 1,000 units or more were served in an earlier phase. Runs after the units of an experiment were dealt anew.',
  threshold: MAX_SHARE,
  causes: ['The same units took part before they were dealt anew'],
  next: [
    'Compare with the units that are new: they carry nothing over',
    'Wait until what the earlier phase left behind has worn off before you decide',
  ],
  judge({ dealtAnew }) {
    if (!dealtAnew || dealtAnew.units === 0) return null;
    const { units, seenBefore, phase } = dealtAnew;
    const share = shareOf(seenBefore, units);
    return {
      status: share >= MAX_SHARE ? 'warn' : 'pass',
      value: share,
      unitsAffected: seenBefore,
      explanation: `${seenBefore} of the newest ${units} units (${percent(share, 1)}) were served in a phase before phase ${phase}, when all were dealt anew.`,
    };
  },
});
