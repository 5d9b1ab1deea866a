import type { Assignment, Context, Json, Surface } from '#experiments';
import { allowedBy, limitContext } from '#policies';
import type { Action, CompiledPolicy, DecisionRequest } from '#policies';
import { contactIn } from './contact.js';
import { newUlid } from '../http/ulid.js';
import type { DecisionRecord, ShadowRecord } from '../queues/jobs.js';
import type { ServingCatalog } from './catalog-data.js';
import { allowedDefault, defaultChoice, failureOf, fixedChoice, uniformOf } from './choice.js';
import type { Choice } from './choice.js';
import { nextSessionOf } from './next-session.js';
import { dedupes, withShown } from './page-context.js';
import type { ServingPolicy } from './serving-policy.js';
import { policyIdOf, recordOf, stackOf } from './decision-record.js';
import { candidatesOf, withoutFeatures } from './request-candidates.js';
import { ProcessorClock, tookOf } from './processor-clock.js';
import { findAndDeal } from './deal.js';
import { lotParts, seedParts } from './draw-parts.js';
import type { PolicyTreatment } from './draw-parts.js';
import { hardLimits } from './hard-limits.js';
import type { HardLimits } from './hard-limits.js';
import { shadowOf } from './shadow.js';
import { bothOf, standardLimits } from './standard-limits.js';
import { drawSeed } from './steady-seed.js';
import { forcedFor } from './forced-arm.js';
import { toldRequest } from './told-request.js';
import type { ToldRequest } from './told-request.js';
import type { Treatment, TreatmentRequest, TreatmentsRequest } from './treatment.js';
import { treatmentOf } from './treatment-of.js';

export type { Treatment, TreatmentRequest, TreatmentsRequest };

export interface Served {
  readonly treatments: readonly Treatment[];
  readonly records: readonly DecisionRecord[];
}

export interface ServingState {
  readonly catalog: ServingCatalog;
  /** @param key a policy's id, or as policyCacheKey makes it. */
  policy(key: string): ServingPolicy | undefined;
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
  readonly onShadow?: (shadow: ShadowRecord) => void;
}

const UNKNOWN: Surface = { key: '', title: '', kind: 'value', defaultValue: null, candidateKind: null };

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
  const call = new ServingCall(state, request, now, hooks);
  for (const wanted of request.requests) call.answer(wanted);
  return { treatments: call.treatments, records: call.records };
}

/** Decisions of one unit at one moment, made one after the other; later ones may know the earlier. */
export class ServingCall implements Served {
  readonly treatments: Treatment[] = [];
  readonly records: DecisionRecord[] = [];
  /** False for a unit that asked not to be known: policies then answer as for somebody new. */
  readonly known: boolean;
  private readonly told: ToldRequest;

  /** @param page settings of a page that says by itself what stands above; absent: every answer stands above the next. */
  constructor(
    private readonly state: ServingState,
    request: Omit<TreatmentsRequest, 'requests'>,
    private readonly now: number,
    private readonly hooks: ServingHooks = HOOKS,
    private readonly page: { readonly above: () => readonly Treatment[] } | null = null,
  ) {
    this.known = !state.catalog.notPersonalised.has(request.unitId);
    this.told = toldRequest(state.catalog.guard, request, this.known);
  }

  /** What may be told of what the request says. */
  get context(): Context {
    return this.told.request.context;
  }

  /** @param offered candidates in place of those that the request names. */
  answer(given: TreatmentRequest, offered: readonly Action[] | null = null): Treatment {
    const { state, now, hooks, known, treatments, records } = this;
    const { request, said, audit } = this.told;
    const wanted = known ? given : withoutFeatures(given);
    const begun = hooks.monotonic();
    const id = hooks.newId(now);
    const surface = state.catalog.surfaces.get(wanted.surface) ?? UNKNOWN;
    const candidates = offered ?? candidatesOf(state.catalog, surface, wanted);
    const above = this.page === null ? treatments.slice() : this.page.above();
    const asked: Asked = { state, request, said, wanted, known, now, hooks, id, surface, candidates, above };
    const { assignment, choice } = choose(asked);
    if (choice.fallback !== null) hooks.onFallback?.(choice.reason, policyIdOf(assignment) ?? '');
    const treatment = treatmentOf(id, wanted, surface, assignment, choice);
    treatments.push(treatment);
    const micros = Math.round((hooks.monotonic() - begun) * 1000);
    const shadow = askShadow(asked, assignment, choice);
    records.push(
      recordOf({
        id,
        now,
        request,
        context: choice.policy ? contextOf(asked, choice.policy) : request.context,
        wanted,
        surface,
        candidates: choice.retrieved ?? candidates,
        assignment,
        choice,
        micros,
        shadow,
        stack: wanted.parent === null ? null : stackOf(wanted.parent, choice.propensity, records),
        featureVersion: state.catalog.guard.version,
        audit,
      }),
    );
    return treatment;
  }
}

export interface Asked extends Omit<ToldRequest, 'audit'> {
  readonly state: ServingState;
  readonly wanted: TreatmentRequest;
  /** False for a unit that asked not to be known: policies then answer as for somebody new. */
  readonly known: boolean;
  readonly now: number;
  readonly hooks: ServingHooks;
  readonly id: string;
  readonly surface: Surface;
  readonly candidates: readonly Action[];
  /** Answers to the earlier requests of the call. */
  readonly above: readonly Treatment[];
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
  const { state, request, said, wanted, surface, candidates } = asked;
  const limit = wanted.limit ?? candidates.length;
  if (state.catalog.killSwitch && surface !== UNKNOWN) {
    const open = standardOf(asked);
    const choice = allowedDefault(surface, candidates, open, limit, 'PAUSED', 'the kill switch is on');
    return { assignment: NOT_ASSIGNED, choice };
  }
  const assignment =
    forcedFor(state.catalog.engine, request.tester, wanted.surface) ??
    state.catalog.engine.assign(request, wanted.surface, said, asked.now);
  const treatment = assignment.arm?.treatment;
  if (!treatment) {
    const { reason } = assignment;
    return {
      assignment,
      choice: allowedDefault(surface, candidates, standardOf(asked), limit, reason, null),
    };
  }
  if (treatment.kind === 'value') {
    const { value } = treatment;
    return {
      assignment,
      choice: fixedChoice(surface, candidates, limit, value, assignment, standardOf(asked)),
    };
  }
  if (candidates.length === 0 && surface.kind !== 'value') {
    return { assignment, choice: defaultChoice(surface, candidates, limit, assignment.reason) };
  }
  const choice = askPolicy(asked, assignment, treatment, limit);
  // Also where it fell back: what is served during a pause is no assignment, and must be known as such.
  return { assignment, choice: assignment.reason === 'PAUSED' ? { ...choice, reason: 'PAUSED' } : choice };
}

function askPolicy(asked: Asked, assignment: Assignment, treatment: PolicyTreatment, limit: number): Choice {
  const { surface, candidates, hooks } = asked;
  const config = asked.state.catalog.policies.get(treatment.policyId);
  const fallBack = (reason: Choice['reason'], detail: string): Choice => {
    const all = decisionRequest(asked, null);
    const allowed = limitsOf(asked, all, config?.params).open ?? allowedBy(config?.params, all);
    return allowedDefault(surface, candidates, bothOf(allowed, standardOf(asked)), limit, reason, detail);
  };
  const known = asked.state.policy(treatment.policyId);
  const policy =
    known && treatment.slice === 'exploration' ? { ...known, compiled: uniformOf(known.compiled) } : known;
  if (!policy || !isCompiled(policy))
    return fallBack('FALLBACK_NO_SNAPSHOT', 'the policy has no usable snapshot');
  if (surface.kind === 'value') return fallBack('FALLBACK_INVALID', 'a policy cannot serve a value');
  const begun = hooks.monotonic();
  const usedBefore = hooks.processor?.before(begun);
  if (policy.breaker.isOpen(begun)) return fallBack('FALLBACK_TIMEOUT', 'the policy was too slow lately');
  const seed = drawSeed({
    ...seedParts(asked, assignment, treatment),
    policyId: treatment.policyId,
    version: policy.version,
  });
  const decision = decisionRequest(asked, policy);
  const limits = limitsOf(asked, decision, policy.config.params);
  try {
    const { chosen, propensity, probabilities, lot, shown, retrieved } = findAndDeal(policy, decision, {
      named: asked.wanted.actions !== null,
      open: limits.open,
      kind: surface.kind,
      slice: treatment.slice,
      limit,
      seed,
      partsOf: (action) => lotParts(asked, treatment, action),
    });
    // Field by field: spreading an object costs as much as the rest of the decision.
    return {
      chosen,
      propensity,
      probabilities,
      policy,
      seed,
      reason: reasonOf(asked, assignment),
      fallback: null,
      lot,
      shown,
      retrieved,
      nextSession: nextSessionOf(surface.kind, policy.compiled, decision, asked.known),
      contact: contactIn(policy.compiled, limits.request, chosen),
    };
  } catch (error) {
    const { reason, detail } = failureOf(error);
    return fallBack(reason, detail);
  } finally {
    const ended = hooks.monotonic();
    if (policy.breaker.record(tookOf(hooks, begun, ended, usedBefore), ended))
      hooks.onSlow?.(treatment.policyId);
  }
}

const reasonOf = ({ known }: Asked, { reason }: Assignment): Choice['reason'] =>
  known ? reason : 'NOT_PERSONALISED';

const decisionRequest = (asked: Asked, policy: ServingPolicy | null): DecisionRequest => ({
  unitId: asked.request.unitId,
  context: policy ? contextOf(asked, policy) : asked.request.context,
  actions: asked.candidates,
  subject: asked.wanted.subject,
  at: asked.now,
});

/** What may be shown where no policy decides; a value is no title. */
const standardOf = (asked: Asked): Uint8Array | null =>
  asked.surface.kind === 'value'
    ? null
    : standardLimits(asked.state.catalog, asked.surface.key, decisionRequest(asked, null), asked.said);

const limitsOf = (
  { said, request }: Asked,
  decision: DecisionRequest,
  params: Json | undefined,
): HardLimits => hardLimits(said, request.context, decision, params);

/** What the policy is told about the unit: for one that asks, with what stands above on the page. */
const contextOf = ({ above, request: { context }, known }: Asked, { config }: ServingPolicy): Context => {
  const all = above.length > 0 && dedupes(config.params) ? withShown(context, above) : context;
  return known ? all : limitContext(all, config.params);
};

/** After the answer was made: nothing here changes what is served. */
function askShadow(asked: Asked, assignment: Assignment, choice: Choice): ShadowRecord | null {
  const treatment = assignment.arm?.treatment;
  const { kind } = asked.surface;
  if (
    !choice.policy?.config.shadow ||
    choice.retrieved?.length === 0 ||
    kind === 'value' ||
    treatment?.kind !== 'policy'
  )
    return null;
  const shadow = shadowOf(
    {
      request: { ...decisionRequest(asked, choice.policy), actions: choice.retrieved ?? asked.candidates },
      kind,
      choice,
      seed: seedParts(asked, assignment, treatment),
    },
    (key) => asked.state.policy(key),
    asked.hooks,
  );
  if (shadow) asked.hooks.onShadow?.(shadow);
  return shadow;
}

const isCompiled = (policy: ServingPolicy): policy is ServingPolicy & { readonly compiled: CompiledPolicy } =>
  policy.compiled !== null;
