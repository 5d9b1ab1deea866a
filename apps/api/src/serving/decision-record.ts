import type { Assignment, Context, Json, Slice, Surface } from '#experiments';
import type { Action } from '#policies';
import type { DecisionRecord, ShadowRecord } from '../queues/jobs.js';
import { LEAST_PROPENSITY } from './choice.js';
import type { Choice, SlateEntry } from './choice.js';
import { askedMark } from '../persistence/asked-mark.js';
import type { TreatmentRequest, TreatmentsRequest } from './serve-treatments.js';

/** Lists of candidates up to this long are kept with all features that the request gave, so that they can be replayed. */
export const KEEP_ALL_FEATURES = 32;

/** A decision that was made, with everything that its record is written from. */
export interface Decided {
  readonly id: string;
  readonly now: number;
  readonly request: Omit<TreatmentsRequest, 'requests'>;
  /** As the policy was told; the request's where none decided. */
  readonly context: Context;
  readonly wanted: TreatmentRequest;
  readonly surface: Surface;
  readonly candidates: readonly Action[];
  readonly assignment: Assignment;
  readonly choice: Choice;
  readonly micros: number;
  readonly shadow: ShadowRecord | null;
  /** Null for a decision that stands alone. */
  readonly stack: StackRecord | null;
  /** Of the registry of features; undefined: nothing is registered. */
  readonly featureVersion?: number | undefined;
  /** What no policy was told; null: nothing. */
  readonly audit?: Context | null;
}

/** Where a decision stands below others. */
type StackRecord = Pick<DecisionRecord, 'parentId' | 'jointPropensity'>;

/**
 * A decision's place below its parent. The joint propensity is that of everything from the top of the stack down: draws
 * have seeds of their own, so given the parent's outcome the child's propensity is conditional, and they multiply. It is
 * known here when the whole stack was decided in this call; otherwise the reader works it out.
 * @param earlier records of this call, in the order of its requests.
 */
export function stackOf(
  parent: number | string,
  propensity: number,
  earlier: readonly DecisionRecord[],
): StackRecord {
  if (typeof parent === 'string') return { parentId: parent };
  const above = earlier[parent] as DecisionRecord;
  const joint = above.parentId === undefined ? above.propensity : above.jointPropensity;
  if (joint === undefined) return { parentId: above.id };
  return { parentId: above.id, jointPropensity: Math.max(joint * propensity, LEAST_PROPENSITY) };
}

/** The record of a decision, as it is stored. */
export function recordOf(decided: Decided): DecisionRecord {
  const { assignment } = decided;
  if (assignment.reason === 'FORCED') return forcedRecord(decided);
  return plainRecord(decided);
}

/** Names no experiment, arm or policy: nothing that counts or learns can see it. What was forced is told in words. */
function forcedRecord(decided: Decided): DecisionRecord {
  const { assignment, request, choice } = decided;
  const { experiment, arm } = assignment;
  const what = `arm "${arm?.key ?? ''}" of "${experiment?.key ?? ''}" for the tester "${request.tester?.name ?? ''}"`;
  const record = plainRecord({
    ...decided,
    shadow: null,
    choice: { ...choice, lot: null },
    assignment: { ...assignment, experiment: null, arm: null },
  });
  const fallback = choice.fallback === null ? what : `${what}; ${choice.fallback}`;
  return { ...record, reason: 'FORCED', fallback, policyVersion: null, rewardWindowSeconds: null };
}

/** Whom the experiment compares. */
const unitOf = ({ assignment, request }: Decided): { readonly unitId: string; readonly unitType: string } =>
  assignment.unit ?? request;

function plainRecord(decided: Decided): DecisionRecord {
  const { request, wanted, surface, candidates, assignment, choice } = decided;
  const features = featuresGiven(wanted, candidates, choice);
  const { experiment, arm } = assignment;
  const unit = unitOf(decided);
  const { policy } = choice;
  const record: DecisionRecord = {
    id: decided.id,
    at: decided.now,
    unitId: unit.unitId,
    unitType: unit.unitType,
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
    context: decided.context,
    seed: choice.seed,
    reason: choice.reason,
    fallback: choice.fallback,
    holdout: assignment.holdout,
    exposed: request.expose,
    latencyMicros: decided.micros,
    rewardWindowSeconds: policy === null ? null : policy.config.rewardWindowSeconds,
    featureVersion: decided.featureVersion,
  };
  const slice = sliceOf(assignment);
  // Rare fields are added afterwards: most records have the one shape that is fast to build.
  if ((features ?? slice) === null && hasNoRare(decided)) return record;
  return withRare(record, features, slice, decided);
}

const hasNoRare = ({ shadow, stack, audit = null, assignment, choice: { lot } }: Decided): boolean =>
  (shadow ?? stack ?? lot ?? audit) === null && assignment.unit === undefined;

function withRare(
  record: DecisionRecord,
  features: DecisionRecord['features'] | null,
  slice: DecisionRecord['slice'] | null,
  { id, request, assignment, shadow, stack, audit, choice: { lot } }: Decided,
): DecisionRecord {
  return {
    ...record,
    ...(features ? { features } : {}),
    ...(slice ? { slice } : {}),
    ...(shadow ? { shadow } : {}),
    ...stack,
    ...(audit ? { audit } : {}),
    ...(assignment.unit ? { askedMark: askedMark(id, request.unitId) } : {}),
    ...(lot ? { withheld: lot.withheld, withholdPropensity: lot.propensity } : {}),
  };
}

/** Null for ordinary decisions. */
function sliceOf({ arm }: Assignment): Exclude<Slice, 'learning'> | null {
  const slice = arm?.treatment.kind === 'policy' ? arm.treatment.slice : undefined;
  return slice === undefined || slice === 'learning' ? null : slice;
}

/** The policy of the arm; null for arms with a fixed value and without an arm. */
export const policyIdOf = ({ arm }: Assignment): string | null =>
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
