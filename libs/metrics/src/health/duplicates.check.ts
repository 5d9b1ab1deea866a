import { percent } from '../prose.js';
import { defineCheck, shareOf, units } from './define-check.js';

const MAX_SHARE = 0.05;

export const duplicatesCheck = defineCheck({
  key: 'duplicates',
  title: 'Duplicates dropped',
  description:
    'An event id counts once. Copies are dropped and do no harm, but many of them mean that a client repeats itself.',
  rule: 'Warns when 5 % of the events received or more were copies. Counted over all experiments.',
  threshold: MAX_SHARE,
  causes: [
    'Clients repeat requests that had succeeded',
    'An outage made everyone repeat',
    'Two senders forward the same events',
  ],
  next: ['Look at which clients repeat, and whether they wait for the answer'],
  judge({ stream }) {
    if (!stream) return null;
    const received = stream.eventsStored + stream.duplicates;
    if (received === 0) return { status: 'unknown', explanation: 'No events yet.' };
    const share = shareOf(stream.duplicates, received);
    return {
      status: share >= MAX_SHARE ? 'warn' : 'pass',
      value: share,
      explanation: `${units(stream.duplicates, 'copy').replace('copys', 'copies')} dropped of ${units(received, 'event')} (${percent(share, 2)}).`,
    };
  },
});
