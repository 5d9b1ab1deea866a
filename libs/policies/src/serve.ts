import { DomainError } from '#experiments';
import type { Rng } from '#experiments';
import type {
  Chooser,
  CompiledExploration,
  CompiledPolicy,
  DecisionRequest,
  SlateItem,
  SlotRule,
} from './contract.js';
import { applyFloor, checkDistribution, checkScores, sampleIndex } from './envelope.js';

export interface ServedAction {
  /** Index into the request's actions. */
  readonly index: number;
  /** What was drawn from: one probability per action, floor included. */
  readonly probabilities: Float64Array;
  /** probabilities[index]. */
  readonly propensity: number;
  readonly scores?: Float64Array;
}

export interface ServedSlate {
  readonly items: readonly SlateItem[];
  /** Probability of exactly this slate: the product of the items' conditional propensities. */
  readonly propensity: number;
  readonly scores?: Float64Array;
}

/** Below this share of the distribution nothing is left to draw from; the rest of the slate follows the scores. */
const EMPTY = 1e-300;

interface Rule {
  readonly slot: SlotRule;
  readonly scores?: Float64Array;
}

/**
 * Either kind of compiled policy serves either kind of surface. A Ranker's scores go through the exploration, and a
 * single action is a slate of one. A Chooser's distribution is drawn from repeatedly without replacement
 * (successive sampling): given the ones before, an action's probability is its share of what is left.
 */
function ruleOf(compiled: CompiledPolicy, request: DecisionRequest, exploration: CompiledExploration): Rule {
  const count = request.actions.length;
  if (count === 0) throw noCandidates();
  if (compiled.decides === 'slate') {
    const scores = compiled.scores(request);
    checkScores(scores, count);
    const slot = exploration(scores);
    return { slot: compiled.around?.(request, scores, slot) ?? slot, scores };
  }
  const distribution = compiled.distribution(request);
  checkDistribution(distribution, count);
  return { slot: compiled.slot ? slotwise(compiled, request) : successive(distribution, compiled, request) };
}

/** A Chooser that knows how to fill a slate answers slot by slot. */
function slotwise(chooser: Chooser, request: DecisionRequest): SlotRule {
  return (taken, into) => {
    const slot = chooser.slot?.(request, taken) ?? new Float64Array(0);
    if (slot.length !== into.length) checkDistribution(slot, into.length);
    into.set(slot);
  };
}

function successive(distribution: Float64Array, chooser: Chooser, request: DecisionRequest): SlotRule {
  return (taken, into) => {
    if (!taken.includes(1)) {
      into.set(distribution);
      return;
    }
    let left = 0;
    for (let i = 0; i < into.length; i++) {
      const p = taken[i] === 0 ? (distribution[i] as number) : 0;
      into[i] = p;
      left += p;
    }
    if (left <= EMPTY) {
      into.fill(0);
      into[bestOpen(chooser.scores?.(request), taken)] = 1;
      return;
    }
    for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) / left;
  };
}

/** The open action with the highest score; request order where there are no scores. */
function bestOpen(scores: Float64Array | undefined, taken: Uint8Array): number {
  let best = -1;
  for (let i = 0; i < taken.length; i++) {
    if (taken[i] !== 0) continue;
    if (best < 0 || (scores !== undefined && (scores[i] as number) > (scores[best] as number))) best = i;
  }
  return best;
}

/** Asks the rule for one slot and puts the safety envelope around the answer. */
function fillSlot(
  rule: Rule,
  place: number,
  taken: Uint8Array,
  open: number,
  floor: number,
  into: Float64Array,
): void {
  rule.slot(taken, into, place);
  refuseTaken(into, taken, 'was offered twice, or may not be served');
  checkDistribution(into, taken.length);
  applyFloor(into, taken, open, floor);
}

/**
 * Serves one action. The only places that draw are this and serveSlate.
 * @param exploration used by Rankers only; a Chooser explores by itself.
 * @param floor least probability of every action, in [0, 1].
 * @param rng its seed makes the answer steady and replayable.
 * @throws DomainError `no_candidates`, or `invalid_distribution` when the policy broke its contract: fall back to
 *   defaultAction, which has propensity 1.
 */
export function serveAction(
  compiled: CompiledPolicy,
  request: DecisionRequest,
  exploration: CompiledExploration,
  floor: number,
  rng: Rng,
): ServedAction {
  if (compiled.decides === 'action') return drawn(chosenFrom(compiled, request, floor), rng);
  const rule = ruleOf(compiled, request, exploration);
  const count = request.actions.length;
  const probabilities = new Float64Array(count);
  const { taken, open } = limitsOf(compiled, request);
  fillSlot(rule, 0, taken, open, floor, probabilities);
  const answer = drawn(probabilities, rng);
  return rule.scores === undefined ? answer : { ...answer, scores: rule.scores };
}

/** A Chooser's distribution with the safety envelope around it: what one slot that takes any action comes to. */
function chosenFrom(chooser: Chooser, request: DecisionRequest, floor: number): Float64Array {
  const count = request.actions.length;
  if (count === 0) throw noCandidates();
  const distribution = chooser.distribution(request);
  checkDistribution(distribution, count);
  // A copy: what the policy keeps is not ours to change.
  const probabilities = distribution.slice();
  if (!chooser.eligible) applyFloor(probabilities, null, count, floor);
  else {
    const { taken, open } = limitsOf(chooser, request);
    refuseTaken(probabilities, taken, 'may not be served');
    applyFloor(probabilities, taken, open, floor);
  }
  return probabilities;
}

/** The actions that may not be served are as good as taken. */
function limitsOf(compiled: CompiledPolicy, request: DecisionRequest): { taken: Uint8Array; open: number } {
  const count = request.actions.length;
  const mask = compiled.eligible?.(request);
  if (!mask) return { taken: new Uint8Array(count), open: count };
  const taken = new Uint8Array(count);
  let open = 0;
  for (let i = 0; i < count; i++) {
    if (mask[i] === 1) open++;
    else taken[i] = 1;
  }
  const isEmpty = open === 0 && !(compiled.decides === 'slate' && compiled.mayBeEmpty);
  if (mask.length !== count || isEmpty)
    throw new DomainError('invalid_distribution', `the policy lets ${open} of ${count} actions through`);
  return { taken, open };
}

function refuseTaken(probabilities: Float64Array, taken: Uint8Array, why: string): void {
  for (let i = 0; i < taken.length; i++) {
    if (taken[i] !== 0 && probabilities[i] !== 0)
      throw new DomainError('invalid_distribution', `action ${i} ${why}`);
  }
}

function drawn(probabilities: Float64Array, rng: Rng): ServedAction {
  const index = sampleIndex(probabilities, rng);
  return { index, probabilities, propensity: probabilities[index] as number };
}

const noCandidates = (): DomainError => new DomainError('no_candidates', 'there is no action to choose from');

/**
 * Serves an ordered slate of at most `length` different actions; parameters and errors as serveAction. The floor
 * holds in every slot, over the actions that are still open there.
 */
export function serveSlate(
  compiled: CompiledPolicy,
  request: DecisionRequest,
  length: number,
  exploration: CompiledExploration,
  floor: number,
  rng: Rng,
): ServedSlate {
  return fillSlots(compiled, request, length, exploration, floor, (slot) => sampleIndex(slot, rng));
}

/**
 * The probability with which exactly this slate would be served: nothing is drawn.
 * @param order different indices into the request's actions, from the first position on.
 * @returns the conditional propensity per position and their product; 0 where the policy would never do so.
 * @throws DomainError as serveSlate.
 */
export function propensityOfSlate(
  compiled: CompiledPolicy,
  request: DecisionRequest,
  order: readonly number[],
  exploration: CompiledExploration,
  floor: number,
): ServedSlate {
  const slate = fillSlots(
    compiled,
    request,
    order.length,
    exploration,
    floor,
    (_slot, at) => order[at] as number,
  );
  // Fewer actions may be served than the slate has places.
  return slate.items.length < order.length ? { ...slate, propensity: 0 } : slate;
}

function fillSlots(
  compiled: CompiledPolicy,
  request: DecisionRequest,
  length: number,
  exploration: CompiledExploration,
  floor: number,
  pick: (probabilities: Float64Array, slot: number) => number,
): ServedSlate {
  const rule = ruleOf(compiled, request, exploration);
  const count = request.actions.length;
  const { taken, open } = limitsOf(compiled, request);
  const slots = Math.max(0, Math.min(Math.floor(length), open));
  const probabilities = new Float64Array(count);
  const items: SlateItem[] = [];
  let joint = 1;
  for (let slot = 0; slot < slots; slot++) {
    fillSlot(rule, slot, taken, open - slot, floor, probabilities);
    const index = pick(probabilities, slot);
    const propensity = probabilities[index] as number;
    items.push({ index, propensity });
    joint *= propensity;
    // What can never stand here leaves the rest undefined, and the product is 0 already.
    if (propensity === 0) break;
    taken[index] = 1;
  }
  const answer = { items, propensity: joint };
  return rule.scores === undefined ? answer : { ...answer, scores: rule.scores };
}

/**
 * Probability that serveSlate would serve exactly this order; for asking one policy about another's slate.
 * @param order indices into the request's actions, first place first.
 * @returns 0 for an order that the policy never serves, or that names an action twice or not of the request.
 * @throws DomainError as serveSlate.
 */
export function slatePropensity(
  compiled: CompiledPolicy,
  request: DecisionRequest,
  order: readonly number[],
  exploration: CompiledExploration,
  floor: number,
): number {
  const rule = ruleOf(compiled, request, exploration);
  const count = request.actions.length;
  const { taken, open } = limitsOf(compiled, request);
  const probabilities = new Float64Array(count);
  let joint = 1;
  for (const [slot, index] of order.entries()) {
    if (taken[index] !== 0) return 0;
    fillSlot(rule, slot, taken, open - slot, floor, probabilities);
    joint *= probabilities[index] as number;
    taken[index] = 1;
  }
  return joint;
}

/**
 * The law of the slates that serveSlate draws: the distribution of any slot given what stands above it, exploration,
 * floor and envelope included. Actions that may not be served have probability 0 in every slot; so have all where none
 * is left.
 * @throws DomainError as serveSlate; the rule throws `invalid_distribution`.
 */
export function slateRule(
  compiled: CompiledPolicy,
  request: DecisionRequest,
  exploration: CompiledExploration,
  floor: number,
): SlotRule {
  const rule = ruleOf(compiled, request, exploration);
  const { taken: closed } = limitsOf(compiled, request);
  const unavailable = new Uint8Array(closed.length);
  return (taken, into, place) => {
    let left = 0;
    for (let i = 0; i < taken.length; i++) {
      unavailable[i] = closed[i] === 1 || taken[i] === 1 ? 1 : 0;
      if (unavailable[i] === 0) left++;
    }
    if (left > 0) fillSlot(rule, place, unavailable, left, floor, into);
    else into.fill(0);
  };
}

/** The surface's default order: what is served when a policy fails. Certain, hence propensity 1. */
export function defaultAction(request: DecisionRequest): ServedAction {
  const count = request.actions.length;
  if (count === 0) throw noCandidates();
  const probabilities = new Float64Array(count);
  probabilities[0] = 1;
  return { index: 0, probabilities, propensity: 1 };
}

/** As defaultAction, for the first `length` actions in request order. */
export function defaultSlate(request: DecisionRequest, length: number): ServedSlate {
  const slots = Math.max(0, Math.min(Math.floor(length), request.actions.length));
  return { items: Array.from({ length: slots }, (_, index) => ({ index, propensity: 1 })), propensity: 1 };
}
