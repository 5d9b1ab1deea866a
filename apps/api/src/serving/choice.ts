import { DomainError, createRng } from '#experiments';
import type { Assignment, DecisionReason, Json, Surface } from '#experiments';
import { allowedBy, serveAction, serveSlate } from '#policies';
import type { Action, CompiledPolicy, DecisionRequest } from '#policies';
import type { ServedContact } from './contact.js';
import type { ServedNextSession } from './next-session.js';
import type { ServingPolicy } from './serving-policy.js';
import type { WithholdLot } from './withhold.js';

/** What was chosen and with which probability, before it becomes an answer and a record. */
export interface Choice {
  /** value: the value; action: the action's id or null; slate: [{id, propensity}]. */
  readonly chosen: Json;
  readonly propensity: number;
  readonly probabilities: readonly number[] | null;
  /** The policy that decided; null for defaults and fixed values. */
  readonly policy: ServingPolicy | null;
  readonly seed: string;
  readonly reason: DecisionReason;
  /** What went wrong, in short; null when nothing did. */
  readonly fallback: string | null;
  /** Whether `chosen` is shown; null where nothing is ever withheld. */
  readonly lot: WithholdLot | null;
  /** What is shown of a slate with something withheld; null: what was chosen. */
  readonly shown: Json | null;
  /** What was ranked, where the policy itself retrieved it from the registered candidates. */
  readonly retrieved?: readonly Action[] | undefined;
  /** When the unit comes back, of policies that foresee it. */
  readonly nextSession?: ServedNextSession | undefined;
  /** Whether the unit may be sent something now, of policies with such rules. */
  readonly contact?: ServedContact | undefined;
}

export interface SlateEntry {
  readonly id: string;
  readonly propensity: number;
  /** Stands in for an entry that was withheld. Absent for all others. */
  readonly substitute?: true;
}

/** A product of very many propensities may leave the range of doubles; an event that happened never has probability 0. */
export const LEAST_PROPENSITY = 1e-300;
const LONGEST_DETAIL = 200;

const certain = (
  chosen: Json,
  reason: DecisionReason,
  fallback: string | null,
  probabilities: readonly number[] | null = null,
): Choice => ({
  chosen,
  propensity: 1,
  probabilities,
  policy: null,
  seed: '',
  reason,
  fallback,
  lot: null,
  shown: null,
});

function oneHot(length: number, at: number): number[] {
  const probabilities = new Array<number>(length).fill(0);
  probabilities[at] = 1;
  return probabilities;
}

/** The surface's default: its value, its first candidate, its candidates in the given order. Certain, so propensity 1. */
export function defaultChoice(
  surface: Surface,
  candidates: readonly Action[],
  limit: number,
  reason: DecisionReason,
  fallback: string | null = null,
): Choice {
  if (surface.kind === 'value') return certain(surface.defaultValue, reason, fallback);
  const first = candidates[0];
  if (!first)
    return certain(
      surface.kind === 'action' ? null : [],
      fallback === null ? 'NO_CANDIDATES' : reason,
      fallback,
    );
  if (surface.kind === 'action') return certain(first.id, reason, fallback, oneHot(candidates.length, 0));
  return certain(slateOf(candidates, limit), reason, fallback);
}

/**
 * The default where hard limits forbid some candidates: it leaves them out too.
 * @param allowed 1 for each candidate that may be shown; null: all may.
 */
export function allowedDefault(
  surface: Surface,
  candidates: readonly Action[],
  allowed: Uint8Array | null,
  limit: number,
  reason: DecisionReason,
  fallback: string | null,
): Choice {
  if (!allowed?.includes(0)) return defaultChoice(surface, candidates, limit, reason, fallback);
  const open = candidates.filter((_, i) => allowed[i] === 1);
  // Nothing failed where nothing may be shown.
  if (open.length === 0 && surface.kind !== 'value') return defaultChoice(surface, open, limit, reason);
  const choice = defaultChoice(surface, open, limit, reason, fallback);
  return choice.probabilities === null
    ? choice
    : { ...choice, probabilities: oneHot(candidates.length, allowed.indexOf(1)) };
}

const slateOf = (actions: readonly Action[], limit: number): Json =>
  actions.slice(0, limit).map(({ id }) => ({ id, propensity: 1 }));

/**
 * An arm with a fixed value: the value itself, the id of an action, or a list of ids that come first in a slate.
 * @param allowed 1 for each candidate that may be shown; null: all may.
 */
export function fixedChoice(
  surface: Surface,
  candidates: readonly Action[],
  limit: number,
  value: Json,
  { reason }: Assignment,
  allowed: Uint8Array | null = null,
): Choice {
  if (surface.kind === 'value') return certain(value, reason, null);
  if (candidates.length === 0) return defaultChoice(surface, candidates, limit, reason);
  if (surface.kind === 'action') {
    if (value === null) return defaultChoice(surface, candidates, limit, reason);
    const index = candidates.findIndex((action) => action.id === value);
    const shown = index >= 0 && allowed?.[index] !== 0;
    if (shown) return certain(value, reason, null, oneHot(candidates.length, index));
    const why = index >= 0 ? 'may not be shown to this unit' : 'is not among the candidates';
    return allowedDefault(surface, candidates, allowed, limit, 'FALLBACK_INVALID', `the arm's action ${why}`);
  }
  const listed = Array.isArray(value) ? (value as readonly Json[]) : [];
  const rank = new Map(listed.map((id, index) => [id, index]));
  const ordered = candidates
    .map((action, index) => ({ action, key: rank.get(action.id) ?? listed.length + index }))
    .filter((_, index) => allowed?.[index] !== 0)
    .sort((a, b) => a.key - b.key);
  return certain(
    slateOf(
      ordered.map(({ action }) => action),
      limit,
    ),
    reason,
    null,
  );
}

/**
 * Draws every order of the candidates with the same probability: what the exploration slice serves. Whom the policy may
 * not serve at all, it may not serve here either.
 */
export function uniformOf(policy: CompiledPolicy | null): CompiledPolicy {
  const eligible = policy?.eligible?.bind(policy);
  return {
    decides: 'action',
    propensity: { kind: 'exact' },
    ...(eligible ? { eligible } : {}),
    ...(policy?.contact ? { contact: policy.contact.bind(policy) } : {}),
    ...(policy?.silent === undefined ? {} : { silent: policy.silent }),
    distribution: (request) => {
      const open = eligible?.(request) ?? new Uint8Array(request.actions.length).fill(1);
      const count = open.reduce((sum, one) => sum + one, 0);
      return Float64Array.from(open, (one) => one / count);
    },
  };
}

/**
 * Draws from a compiled policy. The safety envelope around the plug-in (finite, non-negative, sums to 1, floor) is in
 * serveAction and serveSlate; what they refuse is thrown from here.
 * @throws whatever the policy throws; DomainError `invalid_distribution` when it breaks its contract.
 */
export function draw(
  policy: ServingPolicy & { readonly compiled: CompiledPolicy },
  kind: 'action' | 'slate',
  request: DecisionRequest,
  limit: number,
  seed: string,
): Pick<Choice, 'chosen' | 'propensity' | 'probabilities'> {
  const { actions } = request;
  const { compiled, exploration } = policy;
  const { floor } = policy.config;
  if (kind === 'action') {
    const served = serveAction(compiled, request, exploration, floor, createRng(seed));
    return {
      chosen: (actions[served.index] as Action).id,
      propensity: possible(served.propensity),
      probabilities: toArray(served.probabilities),
    };
  }
  const served = serveSlate(compiled, request, limit, exploration, floor, createRng(seed));
  const chosen: SlateEntry[] = served.items.map(({ index, propensity }) => ({
    id: (actions[index] as Action).id,
    propensity: possible(propensity),
  }));
  return {
    chosen: chosen as unknown as Json,
    propensity: Math.max(
      possible(served.propensity === 0 ? LEAST_PROPENSITY : served.propensity),
      LEAST_PROPENSITY,
    ),
    probabilities: null,
  };
}

/**
 * What a policy is asked to rank: the candidates, or those of the registered ones that it finds worth ranking. What must not
 * be served is left out before, so that it takes no place.
 * @param open 1 for each action that may be served; null: what the policy's own limits allow.
 * @returns null where the policy does not retrieve.
 */
export function retrieve(
  policy: ServingPolicy,
  request: DecisionRequest,
  open: Uint8Array | null = null,
): readonly Action[] | null {
  const { compiled } = policy;
  if (compiled?.decides !== 'slate' || !compiled.retrieve) return null;
  const places = compiled.retrieve(request, open ?? allowedBy(policy.config.params, request));
  return places.map((place) => request.actions[place] as Action);
}

/** A plain loop: several times faster than Array.from on a typed array. */
function toArray(values: Float64Array): number[] {
  const array = new Array<number>(values.length);
  for (let i = 0; i < values.length; i++) array[i] = values[i] as number;
  return array;
}

function possible(propensity: number): number {
  if (propensity > 0 && propensity <= 1 + 1e-9) return Math.min(1, propensity);
  throw new DomainError('invalid_distribution', `the propensity of what was drawn is ${propensity}`);
}

/** The reason and the short text of a fallback after a throw. */
export function failureOf(error: unknown): { readonly reason: DecisionReason; readonly detail: string } {
  const message = error instanceof Error ? error.message : 'the policy threw something that is not an error';
  const invalid = error instanceof DomainError && error.code === 'invalid_distribution';
  return {
    reason: invalid ? 'FALLBACK_INVALID' : 'FALLBACK_ERROR',
    detail: message.slice(0, LONGEST_DETAIL),
  };
}
