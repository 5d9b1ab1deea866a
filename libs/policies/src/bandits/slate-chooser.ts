import type { Chooser, DecisionRequest } from '../contract.js';
import { rememberBySubjectAndActions } from './snapshot-cache.js';

/** How a policy fills the slots of one request. */
export interface SlotFiller {
  /** One finite score per action, for the decision inspector and for what lies beyond the probabilities. */
  readonly scores: Float64Array;
  /**
   * Probabilities of the open actions to stand in a slot.
   * @param open their indices in the request. @param slot 0-based position.
   * @returns one probability per open action, sum 1.
   */
  fill(open: Uint32Array, slot: number): Float64Array;
}

/** Slots remembered per candidate list and snapshot. */
const KEPT_SLOTS = 256;

interface Remembered {
  readonly filler: SlotFiller;
  readonly slots: Map<string, Float64Array>;
}

/**
 * A Chooser that fills a slate slot by slot, each from a law of its own over what is left: the conditional propensities
 * are exact, and the slate's is their product.
 */
export function slateChooser(make: (request: DecisionRequest) => SlotFiller): Chooser {
  const remember = rememberBySubjectAndActions<Remembered>((request) => ({
    filler: make(request),
    slots: new Map(),
  }));
  // Long candidate lists are not remembered; within one slate they are asked for again and again.
  let latest: { readonly request: DecisionRequest; readonly known: Remembered } | null = null;
  const knownOf = (request: DecisionRequest): Remembered => {
    if (latest?.request !== request) latest = { request, known: remember(request) };
    return latest.known;
  };
  const slot = (request: DecisionRequest, taken: Uint8Array): Float64Array => {
    const { filler, slots } = knownOf(request);
    const key = taken.join('');
    const known = slots.get(key);
    if (known) return known;
    const open = Uint32Array.from(taken.keys()).filter((i) => taken[i] === 0);
    const probabilities = new Float64Array(taken.length);
    filler.fill(open, taken.length - open.length).forEach((p, k) => (probabilities[open[k] as number] = p));
    if (slots.size >= KEPT_SLOTS) slots.clear();
    slots.set(key, probabilities);
    return probabilities;
  };
  return {
    decides: 'action',
    propensity: { kind: 'exact' },
    distribution: (request) => slot(request, new Uint8Array(request.actions.length)),
    scores: (request) => knownOf(request).filler.scores,
    slot,
  };
}
