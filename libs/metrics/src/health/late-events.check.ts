import { percent } from '../prose.js';
import { defineCheck, shareOf } from './define-check.js';

const MAX_SHARE = 0.05;
const MIN_SAMPLE = 100;

export const lateEventsCheck = defineCheck({
  key: 'late-events',
  title: 'Late and out of order',
  description:
    'Events that come long after they happened, or with a time in the future, shift days and miss windows.',
  rule: 'Warns when 5 % of the newest events or more came over an hour late or bear a time over a minute ahead. Counted over all experiments.',
  threshold: MAX_SHARE,
  causes: ['Devices that were offline', 'Clocks of clients that are wrong', 'An import of older events'],
  next: ['Read the last days as preliminary', 'Let clients send their clock, or use the time of receipt'],
  judge({ stream }) {
    if (!stream) return null;
    if (stream.sampled < MIN_SAMPLE) return { status: 'unknown', explanation: 'Too few new events.' };
    const odd = stream.late + stream.early;
    const share = shareOf(odd, stream.sampled);
    return {
      status: share >= MAX_SHARE ? 'warn' : 'pass',
      value: share,
      explanation: `Of the newest ${stream.sampled} events, ${stream.late} came over an hour late and ${stream.early} are ahead of our clock (${percent(share, 1)}).`,
    };
  },
});
