import { DomainError } from './errors.js';
import { realisedShares } from './split.js';
import type { Arm, Experiment, ExperimentStatus } from './vocabulary.js';

/** An experiment with what people decide about it besides assignment. Times are Unix milliseconds. */
export interface ExperimentDesign extends Experiment {
  readonly hypothesis: string;
  /** Key of the metric that decides; fixed before the start, so that it cannot be picked by its result. */
  readonly decisionMetric: string | null;
  readonly secondaryMetrics: readonly string[];
  readonly guardrailMetrics: readonly string[];
  readonly minimumDays: number;
  readonly plannedUnits: number | null;
  readonly owner: string;
  readonly tags: readonly string[];
  readonly startedAt: number | null;
  readonly stoppedAt: number | null;
  readonly stopReason: string | null;
}

export type LifecycleAction =
  'schedule' | 'unschedule' | 'start' | 'pause' | 'resume' | 'stop' | 'ship' | 'archive';

/** draft -> scheduled -> running <-> paused -> stopped -> shipped -> archived, with short cuts. */
const TRANSITIONS: Record<
  LifecycleAction,
  { readonly from: readonly ExperimentStatus[]; readonly to: ExperimentStatus }
> = {
  schedule: { from: ['draft'], to: 'scheduled' },
  unschedule: { from: ['scheduled'], to: 'draft' },
  start: { from: ['draft', 'scheduled'], to: 'running' },
  pause: { from: ['running'], to: 'paused' },
  resume: { from: ['paused'], to: 'running' },
  stop: { from: ['running', 'paused'], to: 'stopped' },
  ship: { from: ['running', 'paused', 'stopped'], to: 'shipped' },
  archive: { from: ['draft', 'scheduled', 'stopped', 'shipped'], to: 'archived' },
};

/** What may be done in a status; draws the dashboard's buttons. */
export function allowedActions(status: ExperimentStatus): LifecycleAction[] {
  return (Object.keys(TRANSITIONS) as LifecycleAction[]).filter((action) =>
    TRANSITIONS[action].from.includes(status),
  );
}

export interface Requirement {
  readonly code: string;
  readonly pointer: string;
  readonly message: string;
}

function armRequirements(experiment: Experiment): Requirement[] {
  const { arms } = experiment;
  const found: Requirement[] = [];
  const need = (met: boolean, code: string, pointer: string, message: string): void => {
    if (!met) found.push({ code, pointer, message });
  };
  need(arms.length >= 2, 'too_few_arms', '/arms', 'an experiment compares at least two arms');
  const controls = arms.filter((arm) => arm.isControl).length;
  need(controls === 1, 'one_control', '/arms', `exactly one arm is the control; there are ${controls}`);
  need(
    new Set(arms.map((arm) => arm.key)).size === arms.length,
    'duplicate_arm',
    '/arms',
    'two arms share a key',
  );
  arms.forEach((arm, i) => {
    const weighed = Number.isFinite(arm.weight) && arm.weight > 0;
    need(
      weighed,
      'invalid_weight',
      `/arms/${i}/weight`,
      `the weight of arm "${arm.key}" must be more than 0`,
    );
  });
  if (found.length === 0 && experiment.traffic > 0) {
    realisedShares(experiment).forEach((share, i) => {
      const message = `the weight of arm "${arms[i]?.key ?? ''}" is too small for a single unit to reach it at this traffic`;
      need(share > 0, 'unreachable_arm', `/arms/${i}/weight`, message);
    });
  }
  return found;
}

/** Everything that is missing before an experiment may start; empty when it may. */
export function startRequirements(experiment: ExperimentDesign): Requirement[] {
  const found = armRequirements(experiment);
  const need = (met: boolean, code: string, pointer: string, message: string): void => {
    if (!met) found.push({ code, pointer, message });
  };
  const { traffic, layerRange } = experiment;
  need(
    traffic > 0 && traffic <= 1,
    'invalid_traffic',
    '/traffic',
    'the share of traffic must be more than 0 and at most 1',
  );
  need(
    layerRange[0] < layerRange[1],
    'no_layer_range',
    '/layerRange',
    'the experiment has no part of its layer',
  );
  need(
    experiment.hypothesis.trim() !== '',
    'no_hypothesis',
    '/hypothesis',
    'say what you expect to happen, and why',
  );
  need(
    experiment.decisionMetric !== null,
    'no_decision_metric',
    '/decisionMetric',
    'name the metric that decides',
  );
  return found;
}

/** @throws DomainError `not_ready` with everything that is missing in one sentence. */
export function requireReady(experiment: ExperimentDesign): void {
  const missing = startRequirements(experiment);
  const first = missing[0];
  if (!first) return;
  const sentence = missing.map((requirement) => requirement.message).join('; ');
  throw new DomainError('not_ready', `"${experiment.key}" cannot start yet: ${sentence}`, first.pointer);
}

export interface TransitionOptions {
  /** Now, in Unix milliseconds: the core has no clock. */
  readonly at: number;
  readonly reason?: string;
  /** Which arm everybody gets; `ship` needs it, `pause` may have it. */
  readonly arm?: string;
}

/**
 * The experiment after an action. Starting opens phase 1; pausing and resuming keep the phase. A pause with an arm gives
 * all its units that arm.
 * @throws DomainError `invalid_transition` | `not_ready` | `unknown_arm`.
 */
export function transition<E extends ExperimentDesign>(
  experiment: E,
  action: LifecycleAction,
  options: TransitionOptions,
): E {
  const { from, to } = TRANSITIONS[action];
  if (!from.includes(experiment.status)) {
    const possible = allowedActions(experiment.status).join(', ') || 'nothing';
    throw new DomainError(
      'invalid_transition',
      `"${experiment.key}" is ${experiment.status}: ${action} is not possible, but ${possible} is`,
      '/status',
    );
  }
  const next: E = { ...experiment, status: to, pausedArm: null };
  switch (action) {
    case 'start':
    case 'schedule':
      requireReady(experiment);
      return action === 'start' ? { ...next, phase: 1, startedAt: options.at } : next;
    case 'stop':
      return { ...next, stoppedAt: options.at, stopReason: options.reason ?? null };
    case 'pause':
      return options.arm === undefined ? next : { ...next, pausedArm: knownArm(next, options.arm) };
    case 'ship':
      return ship(next, options);
    default:
      return next;
  }
}

function knownArm(experiment: Experiment, wanted: string | undefined): string {
  const found = experiment.arms.find((arm) => arm.key === wanted);
  if (found) return found.key;
  const known = experiment.arms.map((arm) => arm.key).join(', ');
  const message = `"${wanted ?? ''}" is not an arm of "${experiment.key}"; its arms are ${known}`;
  throw new DomainError('unknown_arm', message, '/arm');
}

function ship<E extends ExperimentDesign>(next: E, options: TransitionOptions): E {
  const shippedArm = knownArm(next, options.arm);
  const stopReason = options.reason ?? next.stopReason;
  return { ...next, shippedArm, stoppedAt: next.stoppedAt ?? options.at, stopReason };
}

type FixedField =
  | 'key'
  | 'hashVersion'
  | 'status'
  | 'phase'
  | 'shippedArm'
  | 'pausedArm'
  | 'startedAt'
  | 'stoppedAt'
  | 'stopReason';
type EditableField = Exclude<keyof ExperimentDesign, FixedField>;
/** The fields of a design that people edit; undefined leaves a field as it is. */
export type ExperimentChanges = { readonly [F in EditableField]?: ExperimentDesign[F] | undefined };

/**
 * When a field may change. `free`: any time. `design`: until the start, because afterwards it would make the comparison
 * another one. `allocation`: also while live, where it starts a new phase. `adding`: while live entries may be added only.
 */
const FIELD_RULES: Record<EditableField, 'free' | 'design' | 'allocation' | 'adding'> = {
  title: 'free',
  owner: 'free',
  tags: 'free',
  secondaryMetrics: 'free',
  guardrailMetrics: 'adding',
  traffic: 'allocation',
  targeting: 'allocation',
  arms: 'allocation',
  layerRange: 'allocation',
  surface: 'design',
  unitType: 'design',
  clusterBy: 'design',
  switchback: 'design',
  prerequisites: 'design',
  layer: 'design',
  otherLayers: 'design',
  salt: 'design',
  hypothesis: 'design',
  decisionMetric: 'design',
  minimumDays: 'design',
  plannedUnits: 'design',
};

const DESIGNING: ReadonlySet<ExperimentStatus> = new Set(['draft', 'scheduled']);
const LIVE: ReadonlySet<ExperimentStatus> = new Set(['running', 'paused']);
const same = (a: unknown, b: unknown): boolean => a === b || canonical(a) === canonical(b);

/** JSON with sorted keys: two designs that mean the same compare equal. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function refuse(experiment: Experiment, field: string, why: string): never {
  throw new DomainError(
    'immutable_field',
    `"${experiment.key}" is ${experiment.status}: ${field} ${why}`,
    `/${field}`,
  );
}

/** While live an arm may change its title and weight, nothing else: units were promised what they got. */
function checkLiveArms(experiment: ExperimentDesign, arms: readonly Arm[]): void {
  const fixed = (list: readonly Arm[]): string =>
    canonical(list.map(({ key, isControl, treatment }) => ({ key, isControl, treatment })));
  if (fixed(arms) !== fixed(experiment.arms)) {
    refuse(
      experiment,
      'arms',
      'keep their keys, order, control and treatments; only titles and weights may change',
    );
  }
}

function checkLiveRange(experiment: ExperimentDesign, range: readonly [number, number]): void {
  if (range[0] > experiment.layerRange[0] || range[1] < experiment.layerRange[1]) {
    refuse(
      experiment,
      'layerRange',
      `may only grow beyond [${experiment.layerRange.join(', ')}), so that no unit falls out`,
    );
  }
}

function checkField(experiment: ExperimentDesign, field: EditableField, changes: ExperimentChanges): void {
  const rule = FIELD_RULES[field];
  if (rule === 'free') return;
  if (!LIVE.has(experiment.status)) refuse(experiment, field, 'can no longer change');
  if (rule === 'design') refuse(experiment, field, 'was fixed at the start; make a new experiment instead');
  if (field === 'arms' && changes.arms) checkLiveArms(experiment, changes.arms);
  if (field === 'layerRange' && changes.layerRange) checkLiveRange(experiment, changes.layerRange);
  if (
    rule === 'adding' &&
    !experiment.guardrailMetrics.every((key) => changes.guardrailMetrics?.includes(key))
  ) {
    refuse(experiment, field, 'may be added while the experiment runs, not taken away');
  }
}

/** Titles of arms are not part of the allocation. */
const allocationOf = (experiment: ExperimentDesign): string =>
  canonical([
    experiment.traffic,
    experiment.targeting,
    experiment.layerRange,
    experiment.arms.map((arm) => arm.weight),
  ]);

export interface Revision<E> {
  readonly experiment: E;
  /** True when targeting or allocation changed while live: the caller closes the phase and opens the next. */
  readonly newPhase: boolean;
  /** The fields that differ now. */
  readonly changed: readonly EditableField[];
}

/**
 * The experiment with some fields changed. Fields given with the value they have do not count as changes.
 * @throws DomainError `immutable_field` with the field's pointer | `not_ready` when a live or scheduled experiment would
 * no longer meet the requirements of a start.
 */
export function revise<E extends ExperimentDesign>(experiment: E, changes: ExperimentChanges): Revision<E> {
  const given = (Object.keys(FIELD_RULES) as EditableField[]).filter((field) => changes[field] !== undefined);
  const changed = given.filter((field) => !same(changes[field], experiment[field]));
  if (experiment.status === 'archived' && changed[0]) refuse(experiment, changed[0], 'can no longer change');
  if (!DESIGNING.has(experiment.status)) for (const field of changed) checkField(experiment, field, changes);
  const next: E = { ...experiment, ...Object.fromEntries(changed.map((field) => [field, changes[field]])) };
  const live = LIVE.has(experiment.status);
  if (live || experiment.status === 'scheduled') requireReady(next);
  const newPhase = live && allocationOf(next) !== allocationOf(experiment);
  return { experiment: newPhase ? { ...next, phase: next.phase + 1 } : next, newPhase, changed };
}
