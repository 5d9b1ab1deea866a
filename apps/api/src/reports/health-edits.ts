import type { EditFact } from '#metrics';

const DAY_MS = 86_400_000;
/** An audit row and the phase that it began carry times of one transaction. */
const SAME_CHANGE_MS = 1000;

export interface PhaseRow {
  readonly phase: number;
  readonly traffic: number;
  readonly targeting: unknown;
  readonly arms: readonly { readonly key: string; readonly weight: number }[];
  readonly startedAt: Date;
}

/** A row of the audit log that changed the experiment after its start, paused or resumed it. */
export interface ChangeRow {
  readonly at: Date;
  readonly action: string;
  /** The fields that differ, of those that matter to its results. */
  readonly changed: readonly string[] | null;
}

const FIELDS: Readonly<Record<string, EditFact['what'][number]>> = {
  arms: 'arms',
  traffic: 'traffic',
  targeting: 'targeting',
  decisionMetric: 'metrics',
  secondaryMetrics: 'metrics',
  guardrailMetrics: 'metrics',
};

/** What was changed while it ran: each phase after the first, and each change of metrics, which begins none. */
export function editsOf(phases: readonly PhaseRow[], changes: readonly ChangeRow[]): EditFact[] {
  const turns = phases.slice(1).map((phase, i): EditFact => ({
    at: phase.startedAt.toISOString(),
    what: turnOf(phases[i] as PhaseRow, phase),
    newPhase: true,
  }));
  const loose = changes
    .filter(({ action }) => action === 'experiment.change')
    .flatMap(({ at, changed }): EditFact[] => {
      const what = [...new Set((changed ?? []).flatMap((field) => FIELDS[field] ?? []))];
      const turned = turns.some((turn) => Math.abs(Date.parse(turn.at) - at.getTime()) < SAME_CHANGE_MS);
      const left = turned ? what.filter((kind) => kind === 'metrics') : what;
      return left.length > 0 ? [{ at: at.toISOString(), what: left, newPhase: false }] : [];
    });
  return [...turns, ...loose].sort((a, b) => a.at.localeCompare(b.at));
}

function turnOf(before: PhaseRow, after: PhaseRow): EditFact['what'] {
  const weights = ({ arms }: PhaseRow): string =>
    JSON.stringify(arms.map(({ key, weight }) => [key, weight]));
  const differs = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);
  const what: EditFact['what'][number][] = [];
  if (weights(before) !== weights(after)) what.push('allocation');
  else if (differs(before.arms, after.arms)) what.push('arms');
  if (before.traffic !== after.traffic) what.push('traffic');
  if (differs(before.targeting, after.targeting)) what.push('targeting');
  return what.length > 0 ? what : ['arms'];
}

/** Days between each pause and the resume that followed, or the end. */
export function pausedDaysOf(changes: readonly ChangeRow[], end: Date): number {
  let since: number | null = null;
  let paused = 0;
  for (const { action, at } of changes) {
    if (action === 'experiment.pause') since ??= at.getTime();
    if (action === 'experiment.resume' && since !== null) {
      paused += at.getTime() - since;
      since = null;
    }
  }
  if (since !== null) paused += Math.max(0, end.getTime() - since);
  return paused / DAY_MS;
}
