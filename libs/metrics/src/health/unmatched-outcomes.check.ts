import { percent } from '../prose.js';
import { defineCheck, shareOf } from './define-check.js';

const MAX_SHARE = 0.01;
const MIN_SAMPLE = 100;

export const unmatchedOutcomesCheck = defineCheck({
  key: 'unmatched-outcomes',
  title: 'Unmatched outcomes',
  description:
    'Outcomes that name a decision which is not stored count for no attributed metric and teach no policy.',
  rule: 'Warns when 1 % or more of the newest outcomes that name a decision name one that is not stored. Counted over all experiments.',
  threshold: MAX_SHARE,
  causes: [
    'A client keeps decision ids longer than decisions are kept',
    'Ids are cut off or changed on the way',
    'Outcomes of another environment',
  ],
  next: ['Search one of these decision ids under Decisions', 'Check how the client stores the id'],
  judge({ stream }) {
    if (!stream) return null;
    const { unmatched, outcomesWithDecision } = stream;
    if (outcomesWithDecision < MIN_SAMPLE)
      return { status: 'unknown', explanation: 'Too few new outcomes that name a decision.' };
    const share = shareOf(unmatched, outcomesWithDecision);
    return {
      status: share >= MAX_SHARE ? 'warn' : 'pass',
      value: share,
      explanation: `${unmatched} of the newest ${outcomesWithDecision} outcomes with a decision (${percent(share, 2)}) name one that is not stored.`,
    };
  },
});
