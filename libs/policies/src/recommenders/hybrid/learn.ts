import { conditionalLogit } from '../../linear-algebra/conditional-logit.js';
import type { Choice } from '../../linear-algebra/conditional-logit.js';
import { GATES, parameterCount, terms } from './gates.js';

/** One question whose answer is known: which of these candidates did the member watch? */
export interface BlendCase {
  /** See knownOfMember. */
  readonly member: number;
  /** See knownOfTitle; one per candidate. */
  readonly titles: Float64Array;
  /** One row of opinions per candidate, one standardised score per part. */
  readonly opinions: Float64Array;
  /** Places of the watched candidates; at least one. */
  readonly targets: readonly number[];
}

/** The weights before anything is learned: all parts alike. */
export function startingWeights(parts: number): Float64Array {
  const weights = new Float64Array(parameterCount(parts));
  for (let k = 0; k < parts; k++) weights[GATES * k] = 1 / parts;
  return weights;
}

/** The question as a choice; its terms are worked out anew each time, as all of them together would fill the memory. */
function choiceOf({ member, titles, opinions, targets }: BlendCase, parts: number): Choice {
  const width = parameterCount(parts);
  return {
    alternatives: titles.length,
    chosen: targets.map((place) => ({ place, weight: 1 / targets.length })),
    fill(rows) {
      titles.forEach((title, i) => {
        const own = opinions.subarray(i * parts, (i + 1) * parts);
        terms(own, member, title, rows.subarray(i * width, (i + 1) * width));
      });
    },
  };
}

/**
 * Weights of the terms under which the watched candidates are the likeliest (see conditionalLogit), held at equal ones.
 * @param pull inverse variance of the prior, against one case's weight of 1; > 0.
 */
export function learnBlend(cases: readonly BlendCase[], parts: number, pull: number): Float64Array {
  return conditionalLogit(
    cases.map((question) => choiceOf(question, parts)),
    startingWeights(parts),
    pull,
  );
}
