import { percent } from '../prose.js';
import { defineCheck } from './define-check.js';

/** Below or above this share of what was to be expected, traffic has changed. */
const LOW = 0.4;
const HIGH = 2.5;
/** Fewer decisions to be expected say nothing. */
const MIN_EXPECTED = 200;

const count = (n: number): string => Math.round(n).toLocaleString('en-US');

export const trafficCheck = defineCheck({
  key: 'traffic',
  title: 'Traffic changed',
  description:
    'Decisions of the last hour against the same hour of the day before (or the hours before it), scaled by the planned share of traffic. A change of targeting that nobody meets, or a release that stopped asking, shows within the hour.',
  rule: 'Warns when the last hour had less than 40 % or more than 250 % of the decisions to be expected, and at least 200 were. Fails when there was none.',
  threshold: LOW,
  causes: [
    'The targeting was changed, and fewer requests meet it',
    'A release stopped asking for the surface, or asks more often',
    'Another experiment on the surface takes units before this one',
  ],
  next: [
    'Look at the last change in the activity of the experiment, and take it back if it was not meant',
    'Search decisions of the surface, and see why units are not in the experiment',
  ],
  judge({ traffic, running }) {
    if (!traffic || running === false) return null;
    const { decisions, expected, since, change } = traffic;
    if (expected < MIN_EXPECTED)
      return {
        status: 'unknown',
        explanation: `About ${count(expected)} decisions were to be expected in the last hour; under ${MIN_EXPECTED} nothing is said.`,
      };
    const share = decisions / expected;
    const odd = share < LOW || share > HIGH;
    const after = change === null ? '' : ` The ${change.what.join(' and ')} was changed at ${change.at}.`;
    return {
      status: decisions === 0 ? 'fail' : odd ? 'warn' : 'pass',
      value: share,
      threshold: share > 1 ? HIGH : LOW,
      firstSeen: odd ? since : null,
      explanation: `${count(decisions)} decisions in the last hour, ${percent(share, 0)} of about ${count(expected)} to be expected.${odd ? after : ''}`,
    };
  },
});
