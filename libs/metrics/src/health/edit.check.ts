import { defineCheck } from './define-check.js';

export const editCheck = defineCheck({
  key: 'edit',
  title: 'Changed while running',
  description: 'Units from before and after a change are not the same experiment.',
  rule: 'Warns when allocation, traffic, targeting, arms or metrics were changed after the start.',
  threshold: 0,
  warning: 'EDIT',
  causes: ['A planned ramp-up', 'A correction of the set-up', 'A metric was added after looking at results'],
  next: [
    'Read the curves with the marks of the changes',
    'After a change that a new phase does not cover, stop and start again with a new phase',
    'Treat metrics added later as exploratory',
  ],
  judge({ edits }) {
    if (!edits) return null;
    const [first] = edits;
    const loose = edits.filter((edit) => !edit.newPhase).length;
    return {
      status: first ? 'warn' : 'pass',
      value: edits.length,
      firstSeen: first?.at ?? null,
      explanation: first
        ? `Changed ${edits.length === 1 ? 'once' : `${edits.length} times`} while running, first on ${first.at.slice(0, 10)} (${first.what.join(', ')}).${loose > 0 ? ` ${loose} of the changes began no new phase.` : ' Each began a new phase; the split is judged by phase.'}`
        : 'Nothing that matters was changed since the start.',
      rows: edits.map((edit) => ({
        label: edit.at,
        text: `${edit.what.join(', ')}${edit.newPhase ? '; new phase' : ''}`,
      })),
    };
  },
});
