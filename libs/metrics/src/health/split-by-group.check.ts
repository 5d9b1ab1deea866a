import { percent, pValueText } from '../prose.js';
import { defineCheck } from './define-check.js';
import { FAIL_BELOW, MIN_DEVIATION, groupRatios } from './sample-ratio.js';

const MOST_ROWS = 12;

export const splitByGroupCheck = defineCheck({
  key: 'split-by-group',
  title: 'Sample ratio by group',
  description:
    'The planned split within every attribute value and every entry day. A break in one of them can hide in the whole.',
  rule: 'Warns when a group is off by 0.1 points or more with p below 0.001, corrected for the number of groups (Bonferroni).',
  threshold: FAIL_BELOW,
  warning: 'SRM-Y',
  causes: [
    'One platform or app version loses the exposures of one arm',
    'A release or an outage on that day',
    'The attribute is changed by the treatment itself: then it is no group to compare',
  ],
  next: [
    'Ask what is special about the worst group: its client, its release, its country',
    'Until it is clear, do not read results of that group',
  ],
  judge(facts) {
    if (!facts.groups && !facts.entries) return null;
    const ratios = groupRatios(facts);
    const [worst] = ratios;
    if (!worst) return { status: 'unknown', explanation: 'No group is large enough to compare its split.' };
    const broken = ratios.filter((group) => group.adjusted < FAIL_BELOW && group.deviation >= MIN_DEVIATION);
    return {
      status: broken.length > 0 ? 'warn' : 'pass',
      value: worst.adjusted,
      unitsAffected: Math.round(broken.reduce((most, group) => Math.max(most, group.units), 0)),
      firstSeen:
        broken.map((group) => (group.dimension === 'entry day' ? group.value : null)).sort()[0] ?? null,
      explanation:
        broken.length > 0
          ? `${broken.length} of ${ratios.length} groups are not split as planned, worst ${worst.dimension} ${worst.value}.`
          : `All ${ratios.length} groups are split as planned; the least likely is ${worst.dimension} ${worst.value} (${pValueText(worst.adjusted)} corrected).`,
      rows: ratios.slice(0, MOST_ROWS).map((group) => ({
        label: `${group.dimension} ${group.value}`,
        text: `${Math.round(group.units).toLocaleString('en-US')} units, off by ${percent(group.deviation, 2)}, ${pValueText(group.pValue)}`,
      })),
    };
  },
});
