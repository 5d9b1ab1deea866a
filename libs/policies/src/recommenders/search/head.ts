import { WIDTH } from './documents.js';
import type { TextMatch } from './matching.js';

/** What the score of a title is the weighted sum of. */
export const FEATURES = [
  'exact',
  'prefix',
  'holds',
  'alike',
  'title',
  'people',
  'tags',
  'text',
  'covered',
  'graph',
  'member',
  'popularity',
] as const;
export type FeatureName = (typeof FEATURES)[number];
export const FEATURE_COUNT = FEATURES.length;
export const MEMBER = FEATURES.indexOf('member');
export const POPULARITY = FEATURES.indexOf('popularity');
export const EXACT = FEATURES.indexOf('exact');
/** Features before this one are of the text. */
export const TEXT_FEATURES = MEMBER;

/** Weights before anything is learned, in log-odds. Chosen on other films than those of the evaluation (docs/explanation/search.md). */
export const PRIOR = Float64Array.of(2, 6.5, 1.5, 9.5, 1, 2.2, 1.5, 1.9, 11, 2, 0.8, 0.4);

/** The text's features of one title. */
export function textFeatures({ names, fields, covered, carried }: TextMatch, into: Float64Array): void {
  into[0] = names.exact;
  into[1] = names.prefix;
  into[2] = names.holds;
  into[3] = names.alike;
  for (let field = 0; field < WIDTH; field++) into[4 + field] = fields[field] as number;
  into[4 + WIDTH] = covered;
  into[5 + WIDTH] = carried;
}

export function weighted(weights: Float64Array, row: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let k = from; k < to; k++) sum += (weights[k] as number) * (row[k] as number);
  return sum;
}

/**
 * How far the text alone decides, in (0, 1]: the share of the best title in the softmax of what the text says. By the prior
 * weights, so that learned ones change what is decided and not how much is left to taste.
 */
export function clarityOf(rows: readonly Float64Array[]): number {
  let top = -Infinity;
  const scores = rows.map((row) => weighted(PRIOR, row, 0, TEXT_FEATURES));
  for (const score of scores) top = Math.max(top, score);
  return rows.length === 0 ? 1 : 1 / scores.reduce((sum, score) => sum + Math.exp(score - top), 0);
}

/** Scores lie this far above those of titles that are not asked for by name: e^-12 in a draw by softmax. */
const LEAD = 12;

/** Lifts titles whose name was asked for above all others, in their own order: no taste stands before a name. */
export function liftNamed(scores: Float64Array, rows: readonly Float64Array[]): void {
  let best = -Infinity;
  let least = Infinity;
  rows.forEach((row, i) => {
    if (row[EXACT] === 1) least = Math.min(least, scores[i] as number);
    else best = Math.max(best, scores[i] as number);
  });
  if (least === Infinity || best === -Infinity) return;
  const lift = Math.max(0, best + LEAD - least);
  rows.forEach((row, i) => {
    if (row[EXACT] === 1) scores[i] = (scores[i] as number) + lift;
  });
}
