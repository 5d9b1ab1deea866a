import type { Breach, GuardAction, GuardFinding, Guardrails } from '../../../api/guardrails.js';

export const ACTION_CHOICES: readonly { value: GuardAction; label: string }[] = [
  { value: 'off', label: 'Do not watch' },
  { value: 'alert', label: 'Alert' },
  { value: 'pause', label: 'Pause: default for everybody' },
  { value: 'control', label: 'Control for everybody' },
];

export const actionWord = (action: GuardAction): string =>
  ACTION_CHOICES.find(({ value }) => value === action)?.label ?? action;

export const WATCH: Record<GuardFinding['watch'], string> = {
  metric: 'Metric',
  'sample-ratio': 'Split',
  errors: 'Errors',
};

export const FOUND: Record<GuardFinding['status'], string> = {
  breach: 'Breach',
  fine: 'Fine',
  waiting: 'Not known yet',
};

export const DONE: Record<Breach['done'], string> = {
  alerted: 'Alerted',
  paused: 'Paused the experiment',
  control: 'Sent everybody to control',
};

/** What is counted before anything is judged: units, or clusters where these share arms. */
export const countedOf = ({ clusterBy }: Guardrails): string =>
  clusterBy === null ? 'units' : `clusters (${clusterBy})`;
