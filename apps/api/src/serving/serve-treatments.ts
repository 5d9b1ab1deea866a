import type { Assignment, Context, Json, Surface } from '#experiments';
import type { Action, CompiledPolicy, DecisionRequest } from '#policies';
import { newUlid } from '../http/ulid.js';
import type { DecisionRecord } from '../queues/jobs.js';
import type { NamedAction, ServingCatalog } from './catalog-data.js';
import { defaultChoice, draw, failureOf, fixedChoice } from './choice.js';
import type { Choice, SlateEntry } from './choice.js';
import type { ServingPolicy } from './serving-policy.js';
import { drawSeed, steadyPeriod } from './steady-seed.js';

export interface TreatmentRequest {
  readonly surface: string;
  readonly subject: string | null;
  /** Null asks for the surface's registered candidates. */
  readonly actions: readonly NamedAction[] | null;
  /** Length of a slate; null for all candidates. */
  readonly limit: number | null;
}

export interface TreatmentsRequest {
  readonly unitId: string;
  readonly unitType: string;
  readonly context: Context;
  readonly requests: readonly TreatmentRequest[];
  /** The client shows what it gets for certain, so the decisions count as seen. */
  readonly expose: boolean;
}

/** One answer, exactly as `POST /v1/treatments` gives it. */
export interface Treatment {
  readonly decisionId: string;
  readonly surface: string;
  readonly subject?: string | undefined;
  readonly experiment: string | null;
  readonly arm: string | null;
  readonly kind: 'value' | 'action' | 'slate';
  readonly value?: Json | undefined;
  readonly action?: string | null | undefined;
  readonly slate?: readonly SlateEntry[] | undefined;
  readonly propensity: number;
  readonly policy: { readonly key: string; readonly version: number } | null;
  readonly reason: string;
}

export interface Served {
  readonly treatments: readonly Treatment[];
  readonly records: readonly DecisionRecord[];
}

export interface ServingState {
  readonly catalog: ServingCatalog;
  policy(policyId: string): ServingPolicy | undefined;
}

export interface ServingHooks {
  /** Milliseconds of a monotonic clock; measures latency and time budgets, never dates anything. */
  readonly monotonic: () => number;
  /**
   * Processor time used by this process. A policy is slow when both clocks say so: on a busy machine the wall clock
   * also counts what the neighbours do. Absent: the wall clock alone.
   */
  readonly processor?: ProcessorClock;
  readonly newId: (at: number) => string;
  readonly onFallback?: (reason: string, policyId: string) => void;
  readonly onSlow?: (policyId: string) => void;
}

/** Lists of candidates up to this long are kept with all features that the request gave, so that they can be replayed. */
export const KEEP_ALL_FEATURES = 32;
const UNKNOWN: Surface = { key: '', title: '', kind: 'value', defaultValue: null, candidateKind: null };

/** How old a reading of the processor clock may be, and below which an answer needs none. */
const COARSE_MS = 5;

/**
 * Milliseconds of processor time of this process, all threads. A reading costs the kernel a walk over the threads, under
 * load as long as a whole answer, so the one before an answer may be some milliseconds old (and then counts too much).
 */
export class ProcessorClock {
  private readAt = -Infinity;
  private used = 0;

  constructor(private readonly read: () => NodeJS.CpuUsage = () => process.cpuUsage()) {}

  before(now: number): number {
    if (now - this.readAt > COARSE_MS) {
      this.used = this.now();
      this.readAt = now;
    }
    return this.used;
  }

  now(): number {
    const { user, system } = this.read();
    return (user + system) / 1000;
  }
}

const HOOKS: ServingHooks = {
  monotonic: () => performance.now(),
  processor: new ProcessorClock(),
  newId: newUlid,
};

/**
 * Answers a request for treatments: assignment, policy, draw, record. Synchronous and free of clocks and chance of its
 * own, so a backfill may call it with simulated time: equal state, request, time and ids give equal answers.
 * @param now Unix milliseconds.
 */
export function serveTreatments(
  state: ServingState,
  request: TreatmentsRequest,
  now: number,
  hooks: ServingHooks = HOOKS,
): Served {
  const treatments: Treatment[] = [];
  const records: DecisionRecord[] = [];
  for (const wanted of request.requests) {
    const begun = hooks.monotonic();
    const id = hooks.newId(now);
    const surface = state.catalog.surfaces.get(wanted.surface) ?? UNKNOWN;
    const candidates = candidatesOf(state.catalog, surface, wanted);
    const { assignment, choice } = choose({ state, request, wanted, now, hooks, id, surface, candidates });
    if (choice.fallback !== null) hooks.onFallback?.(choice.reason, policyIdOf(assignment) ?? '');
    treatments.push(treatmentOf(id, wanted, surface, assignment, choice));
    const micros = Math.round((hooks.monotonic() - begun) * 1000);
    records.push(recordOf({ id, now, request, wanted, surface, candidates, assignment, choice, micros }));
  }
  return { treatments, records };
}

interface Asked {
  readonly state: ServingState;
  readonly request: TreatmentsRequest;
  readonly wanted: TreatmentRequest;
  readonly now: number;
  readonly hooks: ServingHooks;
  readonly id: string;
  readonly surface: Surface;
  readonly candidates: readonly Action[];
}

const NOT_ASSIGNED: Assignment = {
  experiment: null,
  arm: null,
  reason: 'NO_EXPERIMENT',
  armPropensity: 1,
  holdout: null,
  path: [],
};

function choose(asked: Asked): { assignment: Assignment; choice: Choice } {
  const { state, request, wanted, surface, candidates } = asked;
  const limit = wanted.limit ?? candidates.length;
  if (state.catalog.killSwitch && surface !== UNKNOWN) {
    return {
      assignment: NOT_ASSIGNED,
      choice: defaultChoice(surface, candidates, limit, 'PAUSED', 'the kill switch is on'),
    };
  }
  const assignment = state.catalog.engine.assign(request, wanted.surface, request.context);
  const treatment = assignment.arm?.treatment;
  if (!treatment) {
    return { assignment, choice: defaultChoice(surface, candidates, limit, assignment.reason) };
  }
  if (treatment.kind === 'value') {
    return { assignment, choice: fixedChoice(surface, candidates, limit, treatment.value, assignment) };
  }
  if (candidates.length === 0 && surface.kind !== 'value') {
    return { assignment, choice: defaultChoice(surface, candidates, limit, assignment.reason) };
  }
  return { assignment, choice: askPolicy(asked, assignment, treatment, limit) };
}

function askPolicy(
  asked: Asked,
  assignment: Assignment,
  treatment: { readonly policyId: string; readonly steadyFor: Parameters<typeof steadyPeriod>[0] },
  limit: number,
): Choice {
  const { surface, candidates, hooks, request, wanted, now, id } = asked;
  const fallBack = (reason: Choice['reason'], detail: string): Choice =>
    defaultChoice(surface, candidates, limit, reason, detail);
  const policy = asked.state.policy(treatment.policyId);
  if (!policy || !isCompiled(policy))
    return fallBack('FALLBACK_NO_SNAPSHOT', 'the policy has no usable snapshot');
  if (surface.kind === 'value') return fallBack('FALLBACK_INVALID', 'a policy cannot serve a value');
  const begun = hooks.monotonic();
  const usedBefore = hooks.processor?.before(begun);
  if (policy.breaker.isOpen(begun)) return fallBack('FALLBACK_TIMEOUT', 'the policy was too slow lately');
  const seed = drawSeed({
    salt: assignment.experiment?.salt ?? '',
    unitId: request.unitId,
    surface: wanted.surface,
    subject: wanted.subject,
    policyId: treatment.policyId,
    version: policy.version,
    period: steadyPeriod(treatment.steadyFor, now, id),
  });
  const decision: DecisionRequest = {
    unitId: request.unitId,
    context: request.context,
    actions: candidates,
    subject: wanted.subject,
    at: now,
  };
  try {
    const { chosen, propensity, probabilities } = draw(policy, surface.kind, decision, limit, seed);
    // Field by field: spreading an object costs as much as the rest of the decision.
    return { chosen, propensity, probabilities, policy, seed, reason: assignment.reason, fallback: null };
  } catch (error) {
    const { reason, detail } = failureOf(error);
    return fallBack(reason, detail);
  } finally {
    const ended = hooks.monotonic();
    if (policy.breaker.record(tookOf(hooks, begun, ended, usedBefore), ended))
      hooks.onSlow?.(treatment.policyId);
  }
}

function tookOf(hooks: ServingHooks, begun: number, ended: number, usedBefore: number | undefined): number {
  const took = ended - begun;
  if (took <= COARSE_MS || usedBefore === undefined || !hooks.processor) return took;
  return Math.min(took, hooks.processor.now() - usedBefore);
}

const isCompiled = (policy: ServingPolicy): policy is ServingPolicy & { readonly compiled: CompiledPolicy } =>
  policy.compiled !== null;

/** The request's candidates with what is registered about them, or the registered ones. */
function candidatesOf(
  catalog: ServingCatalog,
  surface: Surface,
  wanted: TreatmentRequest,
): readonly Action[] {
  if (surface.kind === 'value') return NO_ACTIONS;
  if (wanted.actions === null) return catalog.items.candidates(surface.candidateKind, wanted.subject);
  return catalog.items.named(wanted.actions);
}

const NO_ACTIONS: readonly Action[] = Object.freeze([]);

/** One shape for all kinds, which is fast to build; fields that do not apply are undefined and leave no trace in JSON. */
function treatmentOf(
  id: string,
  wanted: TreatmentRequest,
  surface: Surface,
  assignment: Assignment,
  choice: Choice,
): Treatment {
  const { kind } = surface;
  return {
    decisionId: id,
    surface: wanted.surface,
    subject: wanted.subject ?? undefined,
    experiment: assignment.experiment?.key ?? null,
    arm: assignment.arm?.key ?? null,
    kind,
    value: kind === 'value' ? choice.chosen : undefined,
    action: kind === 'action' ? (choice.chosen as string | null) : undefined,
    slate: kind === 'slate' ? (choice.chosen as unknown as readonly SlateEntry[]) : undefined,
    propensity: choice.propensity,
    policy: choice.policy === null ? null : { key: choice.policy.config.key, version: choice.policy.version },
    reason: choice.reason,
  };
}

interface Decided {
  readonly id: string;
  readonly now: number;
  readonly request: TreatmentsRequest;
  readonly wanted: TreatmentRequest;
  readonly surface: Surface;
  readonly candidates: readonly Action[];
  readonly assignment: Assignment;
  readonly choice: Choice;
  readonly micros: number;
}

function recordOf(decided: Decided): DecisionRecord {
  const { request, wanted, surface, candidates, assignment, choice } = decided;
  const features = featuresGiven(wanted, candidates, choice);
  const { experiment, arm } = assignment;
  const { policy } = choice;
  const record: DecisionRecord = {
    id: decided.id,
    at: decided.now,
    unitId: request.unitId,
    unitType: request.unitType,
    surface: wanted.surface,
    subject: wanted.subject,
    experiment: experiment === null ? null : experiment.key,
    arm: arm === null ? null : arm.key,
    phase: experiment === null ? null : experiment.phase,
    kind: surface.kind,
    chosen: choice.chosen,
    propensity: choice.propensity,
    armPropensity: assignment.armPropensity,
    policyId: policyIdOf(assignment),
    policyVersion: policy === null ? null : policy.version,
    candidates: Object.isFrozen(candidates) ? sharedIds(candidates) : idsOf(candidates),
    probabilities: choice.probabilities,
    context: request.context,
    seed: choice.seed,
    reason: choice.reason,
    fallback: choice.fallback,
    holdout: assignment.holdout,
    exposed: request.expose,
    latencyMicros: decided.micros,
    rewardWindowSeconds: policy === null ? null : policy.config.rewardWindowSeconds,
  };
  return features === null ? record : { ...record, features };
}

const policyIdOf = ({ arm }: Assignment): string | null =>
  arm?.treatment.kind === 'policy' ? arm.treatment.policyId : null;

const idsOf = (candidates: readonly Action[]): string[] => candidates.map((action) => action.id);

/** Frozen candidate lists come again, and so do their ids. */
const ids = new WeakMap<readonly Action[], readonly string[]>();

function sharedIds(candidates: readonly Action[]): readonly string[] {
  let known = ids.get(candidates);
  if (!known) ids.set(candidates, (known = Object.freeze(idsOf(candidates))));
  return known;
}

/** What the policy knew about actions beyond the item table: of all candidates, or of the served ones in a long list. */
function featuresGiven(
  wanted: TreatmentRequest,
  candidates: readonly Action[],
  choice: Choice,
): Readonly<Record<string, Context>> | null {
  if (wanted.actions === null || choice.policy === null) return null;
  const served = candidates.length <= KEEP_ALL_FEATURES ? null : servedIds(choice.chosen);
  let features: Record<string, Context> | null = null;
  wanted.actions.forEach(({ id, features: given }, index) => {
    if (!given || (served && !served.has(id))) return;
    features ??= Object.create(null) as Record<string, Context>;
    features[id] = (candidates[index] as Action).features;
  });
  return features;
}

const servedIds = (chosen: Json): ReadonlySet<unknown> =>
  new Set(Array.isArray(chosen) ? (chosen as unknown as SlateEntry[]).map(({ id }) => id) : [chosen]);
