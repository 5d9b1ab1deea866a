import type { DecisionRequest } from '../../contract.js';

/** Ids in a list of the context; anything else counts as an empty list. */
export function idsOf(request: DecisionRequest, key: string): readonly string[] {
  const list = request.context[key];
  return Array.isArray(list) ? (list as readonly string[]) : [];
}

/** How the two lists of the context weigh. */
export interface MemberRules {
  readonly historyLimit: number;
  /** Titles after which the weight is half; 0: all weigh the same. */
  readonly halfLife: number;
  readonly dislikeWeight: number;
}

/**
 * What is known of the member: titles and weights. The newest of `context.history` weighs 1 and halves every
 * `halfLife` titles; titles of `context.disliked` weigh -dislikeWeight times that. A title in both lists counts as
 * disliked; ids that `indexOf` does not know are left out.
 */
export function memberWeights(
  request: DecisionRequest,
  rules: MemberRules,
  indexOf: (id: string) => number | undefined,
): Map<number, number> {
  const weights = new Map<number, number>();
  const add = (ids: readonly string[], sign: number): void => {
    const recent = ids.slice(-rules.historyLimit);
    recent.forEach((id, place) => {
      const index = indexOf(id);
      if (index === undefined) return;
      const age = recent.length - 1 - place;
      weights.set(index, sign * (rules.halfLife > 0 ? 2 ** (-age / rules.halfLife) : 1));
    });
  };
  add(idsOf(request, 'history'), 1);
  if (rules.dislikeWeight > 0) add(idsOf(request, 'disliked'), -rules.dislikeWeight);
  return weights;
}
