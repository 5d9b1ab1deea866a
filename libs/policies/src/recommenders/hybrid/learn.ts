import { choleskyInPlace, solveCholesky } from '../../linear-algebra/cholesky.js';
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

const ROUNDS = 30;
const ENOUGH = 1e-6;

/** The weights before anything is learned: all parts alike. */
export function startingWeights(parts: number): Float64Array {
  const weights = new Float64Array(parameterCount(parts));
  for (let k = 0; k < parts; k++) weights[GATES * k] = 1 / parts;
  return weights;
}

/** What Newton's method needs to know at one point. */
interface Curvature {
  loss: number;
  readonly slope: Float64Array;
  /** Lower triangle. */
  readonly bend: Float64Array;
}

/** Scores all candidates of a case, and keeps their terms. @returns ln of the sum of e^score. */
function scoreCase(
  question: BlendCase,
  weights: Float64Array,
  rows: Float64Array,
  scores: Float64Array,
): number {
  const width = weights.length;
  const count = question.titles.length;
  const parts = question.opinions.length / count;
  let top = -Infinity;
  for (let i = 0; i < count; i++) {
    const row = rows.subarray(i * width, (i + 1) * width);
    const opinions = question.opinions.subarray(i * parts, (i + 1) * parts);
    terms(opinions, question.member, question.titles[i] as number, row);
    let score = 0;
    for (let a = 0; a < width; a++) score += (weights[a] as number) * (row[a] as number);
    scores[i] = score;
    top = Math.max(top, score);
  }
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.exp((scores[i] as number) - top);
  return top + Math.log(sum);
}

/** Adds a case: loss -(1 / targets) sum of ln softmax, its slope, and the covariance of the terms as its bend. */
function addCase(
  question: BlendCase,
  weights: Float64Array,
  rows: Float64Array,
  scores: Float64Array,
  into: Curvature,
): void {
  const width = weights.length;
  const normaliser = scoreCase(question, weights, rows, scores);
  const mean = new Float64Array(width);
  for (let i = 0; i < question.titles.length; i++) {
    const p = Math.exp((scores[i] as number) - normaliser);
    if (p < 1e-12) continue;
    const base = i * width;
    for (let a = 0; a < width; a++) {
      const value = p * (rows[base + a] as number);
      mean[a] = (mean[a] as number) + value;
      for (let b = 0; b <= a; b++) {
        const cell = a * width + b;
        into.bend[cell] = (into.bend[cell] as number) + value * (rows[base + b] as number);
      }
    }
  }
  for (let a = 0; a < width; a++) {
    into.slope[a] = (into.slope[a] as number) + (mean[a] as number);
    for (let b = 0; b <= a; b++) {
      const cell = a * width + b;
      into.bend[cell] = (into.bend[cell] as number) - (mean[a] as number) * (mean[b] as number);
    }
  }
  const share = 1 / question.targets.length;
  for (const target of question.targets) {
    into.loss += share * (normaliser - (scores[target] as number));
    for (let a = 0; a < width; a++) {
      into.slope[a] = (into.slope[a] as number) - share * (rows[target * width + a] as number);
    }
  }
}

/** Loss, slope and bend over all cases, with the pull towards the start. */
function curvature(
  cases: readonly BlendCase[],
  weights: Float64Array,
  start: Float64Array,
  pull: number,
): Curvature {
  const width = weights.length;
  const most = cases.reduce((max, question) => Math.max(max, question.titles.length), 0);
  const rows = new Float64Array(most * width);
  const scores = new Float64Array(most);
  const sum: Curvature = { loss: 0, slope: new Float64Array(width), bend: new Float64Array(width * width) };
  for (const question of cases) addCase(question, weights, rows, scores, sum);
  for (let a = 0; a < width; a++) {
    const off = (weights[a] as number) - (start[a] as number);
    sum.loss += 0.5 * pull * off * off;
    sum.slope[a] = (sum.slope[a] as number) + pull * off;
    sum.bend[a * width + a] = (sum.bend[a * width + a] as number) + pull;
  }
  return sum;
}

/**
 * Weights of the terms under which the watched candidates are the likeliest: a conditional logit (McFadden 1974) with
 * a normal prior around equal weights. The loss is convex; Newton's method with halved steps finds its one minimum.
 * @param pull inverse variance of the prior, against one case's weight of 1; > 0.
 */
export function learnBlend(cases: readonly BlendCase[], parts: number, pull: number): Float64Array {
  const start = startingWeights(parts);
  const width = start.length;
  let weights: Float64Array = start.slice();
  let here = curvature(cases, weights, start, pull);
  for (let round = 0; round < ROUNDS; round++) {
    const step = here.slope.slice();
    choleskyInPlace(here.bend, width);
    solveCholesky(here.bend, width, step);
    const gain = step.reduce((sum, value, a) => sum + value * (here.slope[a] as number), 0);
    if (gain < ENOUGH * (1 + Math.abs(here.loss))) break;
    const moved = descend(cases, weights, step, start, pull, here.loss);
    if (moved === undefined) break;
    ({ weights, here } = moved);
  }
  return weights;
}

/** The longest of the steps 1, 1/2, 1/4... that lowers the loss. */
function descend(
  cases: readonly BlendCase[],
  weights: Float64Array,
  step: Float64Array,
  start: Float64Array,
  pull: number,
  loss: number,
): { weights: Float64Array; here: Curvature } | undefined {
  for (let share = 1; share > 1e-3; share /= 2) {
    const next = weights.map((value, a) => value - share * (step[a] as number));
    const here = curvature(cases, next, start, pull);
    if (here.loss < loss) return { weights: next, here };
  }
  return undefined;
}
