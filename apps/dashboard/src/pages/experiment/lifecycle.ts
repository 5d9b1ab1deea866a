import type { ExperimentStatus } from '../../api/types.js';
import type { IconName } from '../../ui/icon.js';

export type LifecycleAction = 'start' | 'pause' | 'resume' | 'stop' | 'ship' | 'archive';

export interface ActionEntry {
  action: LifecycleAction;
  label: string;
  icon: IconName;
  from: readonly ExperimentStatus[];
  /** What happens to the people in the experiment. */
  effect: string;
  reason: 'required' | 'optional' | 'none';
  danger?: boolean;
  primary?: boolean;
}

/** States in which the set-up may change; what has ended keeps what it was. */
export const CHANGEABLE: ReadonlySet<string> = new Set(['draft', 'scheduled', 'running', 'paused']);

/** What may be done in which state; the API has the last word. */
export const ACTIONS: readonly ActionEntry[] = [
  {
    action: 'start',
    label: 'Start',
    icon: 'play',
    from: ['draft', 'scheduled'],
    effect:
      'From now on, eligible units are assigned to arms. Arms and metrics cannot be edited while it runs.',
    reason: 'none',
    primary: true,
  },
  {
    action: 'resume',
    label: 'Resume',
    icon: 'play',
    from: ['paused'],
    effect: 'Everybody gets the same arm as before the pause.',
    reason: 'none',
    primary: true,
  },
  {
    action: 'ship',
    label: 'Ship an arm',
    icon: 'ship',
    from: ['running', 'paused', 'stopped'],
    effect: 'Everybody whom the targeting matches gets this arm, and the comparison ends.',
    reason: 'optional',
  },
  {
    action: 'pause',
    label: 'Pause',
    icon: 'pause',
    from: ['running'],
    effect: 'Everybody gets the surface’s default until you resume. Units keep their arm.',
    reason: 'optional',
  },
  {
    action: 'stop',
    label: 'Stop',
    icon: 'stop',
    from: ['running', 'paused'],
    effect:
      'Everybody gets the surface’s default, for good. The report stays and its share of the layer becomes free.',
    reason: 'required',
    danger: true,
  },
  {
    action: 'archive',
    label: 'Archive',
    icon: 'archive',
    from: ['draft', 'stopped', 'shipped'],
    effect: 'It leaves the list. Its report and its decisions stay readable.',
    reason: 'none',
  },
];

export function actionsFor(status: ExperimentStatus): ActionEntry[] {
  return ACTIONS.filter((entry) => entry.from.includes(status));
}
