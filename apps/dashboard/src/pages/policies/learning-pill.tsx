import type { ReactElement } from 'react';
import type { Policy } from '../../api/types.js';
import { Pill } from '../../ui/status.js';

/** How a policy learns, and whether it does now. */
export function LearningPill({ policy }: { policy: Pick<Policy, 'learns' | 'learning'> }): ReactElement {
  if (policy.learns === 'never') return <Pill label="Fixed" />;
  if (!policy.learning) return <Pill tone="bad" icon="snow" label="Frozen" />;
  return policy.learns === 'online' ? (
    <Pill tone="good" icon="play" label="Learning" />
  ) : (
    <Pill tone="good" icon="clock" label="By training run" />
  );
}
