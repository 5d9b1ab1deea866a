import { percent, pValueText } from '../prose.js';
import { defineCheck, shareOf, units } from './define-check.js';
import { FAIL_BELOW, sampleRatio } from './sample-ratio.js';
import { judgeSplit } from './sample-ratio.check.js';

/** Fewer expected units than this in an arm say nothing. */
const MIN_EXPECTED = 5;

export const leftOutCheck = defineCheck({
  key: 'left-out',
  title: 'Sample ratio with the units left out',
  description:
    'Leaving units out is safe only if it takes them from all arms alike. So the split is tested without them (sample ratio) and with them (here), and the units left out are compared between arms.',
  rule: 'Fails when the split of all units, those left out included, fails as the sample ratio does. Warns when the units left out are not spread over the arms as the others are (chi-square, p below 0.001).',
  threshold: FAIL_BELOW,
  causes: [
    'One arm makes units come back under another id, or show the default: slow loading, redirects, signing out',
    'The units left out hide a split that was wrong from the beginning',
  ],
  next: [
    'Compare the report with and without the units left out (Health of assignment)',
    'Look at the states by arm: the arm with too many tells what broke',
    'Decide nothing while the two reports differ',
  ],
  judge(facts) {
    const { assignment, arms } = facts;
    if (!assignment) return null;
    const leftOut = arms.map(({ units: counted }, i) => (assignment.everybody.units[i] ?? 0) - counted);
    const gone = leftOut.reduce((sum, n) => sum + n, 0);
    if (gone === 0)
      return facts.totalUnits === 0
        ? { status: 'unknown', unitsAffected: 0, explanation: 'No units yet.' }
        : { status: 'pass', unitsAffected: 0, explanation: 'No unit is left out by a rule.' };
    const all = judgeSplit({
      ...facts,
      arms: arms.map((arm, i) => ({ ...arm, units: assignment.everybody.units[i] ?? 0 })),
      entries: assignment.everybody.entries,
      groups: [],
    });
    const spread = sampleRatio(leftOut, assignment.everybody.units);
    const skewed =
      spread !== null && Math.min(...spread.expected) >= MIN_EXPECTED && spread.pValue < FAIL_BELOW;
    const failed = all.status === 'fail';
    const total = assignment.everybody.units.reduce((sum, n) => sum + n, 0);
    return {
      status: failed ? 'fail' : skewed ? 'warn' : 'pass',
      blocks: failed,
      value: spread?.pValue ?? null,
      unitsAffected: gone,
      explanation: `${units(gone)} of ${total.toLocaleString('en-US')} (${percent(shareOf(gone, total), 2)}) are left out${spread === null ? '' : `; spread over arms: ${pValueText(spread.pValue)}`}. With them: ${all.explanation}`,
      rows: arms.map(({ key }, i) => ({
        label: key,
        text: `${leftOut[i] ?? 0} left out of ${assignment.everybody.units[i] ?? 0}`,
      })),
    };
  },
});
