import { choleskyInPlace, solveCholesky } from './cholesky.js';

/** One choice that was made: which of the alternatives, described by rows of terms. */
export interface Choice {
  readonly alternatives: number;
  /** Writes the terms of all alternatives, row after row. */
  fill(rows: Float64Array): void;
  /** What was chosen, and how much it counts, > 0; at least one. */
  readonly chosen: readonly { readonly place: number; readonly weight: number }[];
}

const ROUNDS = 30;
const ENOUGH = 1e-6;

/** What Newton's method needs to know at one point. */
interface Curvature {
  loss: number;
  readonly slope: Float64Array;
  /** Lower triangle. */
  readonly bend: Float64Array;
}

interface Scratch {
  readonly rows: Float64Array;
  readonly scores: Float64Array;
}

/** Scores all alternatives. @returns ln of the sum of e^score. */
function scoreAll({ alternatives }: Choice, weights: Float64Array, { rows, scores }: Scratch): number {
  const width = weights.length;
  let top = -Infinity;
  for (let i = 0; i < alternatives; i++) {
    let score = 0;
    for (let a = 0; a < width; a++) score += (weights[a] as number) * (rows[i * width + a] as number);
    scores[i] = score;
    top = Math.max(top, score);
  }
  let sum = 0;
  for (let i = 0; i < alternatives; i++) sum += Math.exp((scores[i] as number) - top);
  return top + Math.log(sum);
}

/** Adds a choice: loss -sum of weight x ln softmax, its slope, and the covariance of the terms as its bend. */
function addChoice(choice: Choice, weights: Float64Array, scratch: Scratch, into: Curvature): void {
  const width = weights.length;
  const { rows, scores } = scratch;
  choice.fill(rows);
  const normaliser = scoreAll(choice, weights, scratch);
  const total = choice.chosen.reduce((sum, { weight }) => sum + weight, 0);
  const mean = new Float64Array(width);
  for (let i = 0; i < choice.alternatives; i++) {
    const p = Math.exp((scores[i] as number) - normaliser);
    if (p < 1e-12) continue;
    const base = i * width;
    for (let a = 0; a < width; a++) {
      const value = p * (rows[base + a] as number);
      mean[a] = (mean[a] as number) + value;
      for (let b = 0; b <= a; b++) {
        const cell = a * width + b;
        into.bend[cell] = (into.bend[cell] as number) + total * value * (rows[base + b] as number);
      }
    }
  }
  for (let a = 0; a < width; a++) {
    into.slope[a] = (into.slope[a] as number) + total * (mean[a] as number);
    for (let b = 0; b <= a; b++) {
      const cell = a * width + b;
      into.bend[cell] = (into.bend[cell] as number) - total * (mean[a] as number) * (mean[b] as number);
    }
  }
  for (const { place, weight } of choice.chosen) {
    into.loss += weight * (normaliser - (scores[place] as number));
    for (let a = 0; a < width; a++)
      into.slope[a] = (into.slope[a] as number) - weight * (rows[place * width + a] as number);
  }
}

/** Loss, slope and bend over all choices, with the pull towards the start. */
function curvature(
  choices: readonly Choice[],
  weights: Float64Array,
  start: Float64Array,
  pull: number,
  scratch: Scratch,
): Curvature {
  const width = weights.length;
  const sum: Curvature = { loss: 0, slope: new Float64Array(width), bend: new Float64Array(width * width) };
  for (const choice of choices) addChoice(choice, weights, scratch, sum);
  for (let a = 0; a < width; a++) {
    const off = (weights[a] as number) - (start[a] as number);
    sum.loss += 0.5 * pull * off * off;
    sum.slope[a] = (sum.slope[a] as number) + pull * off;
    sum.bend[a * width + a] = (sum.bend[a * width + a] as number) + pull;
  }
  return sum;
}

function scratchFor(choices: readonly Choice[], width: number): Scratch {
  const most = choices.reduce((max, { alternatives }) => Math.max(max, alternatives), 0);
  return { rows: new Float64Array(most * width), scores: new Float64Array(most) };
}

/** Mean over choices of -ln of the probability of what was chosen, each by its weights; 0 without choices. */
export function logitLoss(choices: readonly Choice[], weights: Float64Array): number {
  const scratch = scratchFor(choices, weights.length);
  const total = choices.reduce(
    (sum, { chosen }) => sum + chosen.reduce((all, { weight }) => all + weight, 0),
    0,
  );
  return total === 0 ? 0 : curvature(choices, weights, weights, 0, scratch).loss / total;
}

/**
 * Weights of the terms under which what was chosen is the likeliest: a conditional logit (McFadden 1974) with a normal
 * prior around `start`. The loss is convex; Newton's method with halved steps finds its one minimum.
 * @param pull inverse variance of the prior, against one choice's weight of 1; > 0.
 */
export function conditionalLogit(
  choices: readonly Choice[],
  start: Float64Array,
  pull: number,
): Float64Array {
  const width = start.length;
  const scratch = scratchFor(choices, width);
  let weights: Float64Array = start.slice();
  let here = curvature(choices, weights, start, pull, scratch);
  for (let round = 0; round < ROUNDS; round++) {
    const step = here.slope.slice();
    choleskyInPlace(here.bend, width);
    solveCholesky(here.bend, width, step);
    const gain = step.reduce((sum, value, a) => sum + value * (here.slope[a] as number), 0);
    if (gain < ENOUGH * (1 + Math.abs(here.loss))) break;
    const moved = descend(step, weights, here.loss, (next) => curvature(choices, next, start, pull, scratch));
    if (moved === undefined) break;
    ({ weights, here } = moved);
  }
  return weights;
}

/** The longest of the steps 1, 1/2, 1/4... that lowers the loss. */
function descend(
  step: Float64Array,
  weights: Float64Array,
  loss: number,
  at: (weights: Float64Array) => Curvature,
): { weights: Float64Array; here: Curvature } | undefined {
  for (let share = 1; share > 1e-3; share /= 2) {
    const next = weights.map((value, a) => value - share * (step[a] as number));
    const here = at(next);
    if (here.loss < loss) return { weights: next, here };
  }
  return undefined;
}
