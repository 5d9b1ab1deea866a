import type { RewardedDecision } from '../../contract.js';
import { dot } from '../../linear-algebra/rank-one.js';
import { addOuterPacked } from '../../linear-algebra/packed.js';
import { addScaled } from '../../linear-algebra/rank-one.js';
import { decayFactor } from '../decayed-counts.js';
import { learnContextNames } from '../features.js';
import { emptyBlock } from '../linear-block.js';
import { screenedPairs, vectorizer, weightsPerArm, withNames, withProduct } from './model.js';
import type { Arm, HierarchicalModel } from './model.js';
import { posteriorOf } from './posterior.js';
import type { HierarchicalPosterior, PosteriorParams } from './posterior.js';
import { actionFeatures, squaredSize } from './prior.js';
import { addScores, missingProduct } from './product-screen.js';

export interface LearningParams extends PosteriorParams {
  readonly attributes: readonly string[];
  readonly maxContextFeatures: number;
  readonly maxActionFeatures: number;
  readonly maxActions: number;
  readonly featureLimit: number;
  readonly maxProducts: number;
  readonly productLevel: number;
}

/** Decisions after which scales and products are looked at again: 8, 16, 32, then every 64. */
const REVIEWS = [8, 16, 32] as const;
const REVIEW_EVERY = 64;

function nextReview(rows: number): number {
  return REVIEWS.find((count) => count > rows) ?? REVIEW_EVERY * (Math.floor(rows / REVIEW_EVERY) + 1);
}

/**
 * Learns decisions one after the other by assumed density filtering: the posterior before each of them is matched to
 * the first two moments after it, and the factor by which it changed is kept. Work is cut at reviews, which fall on
 * fixed numbers of decisions, so that the split into batches does not matter (up to rounding).
 */
export function learn(
  model: HierarchicalModel,
  batch: readonly RewardedDecision[],
  params: LearningParams,
): HierarchicalModel {
  let next = withArms(learnContext(model, batch, params), batch, params);
  for (let start = 0; start < batch.length;) {
    const end = Math.min(batch.length, start + nextReview(next.rows) - next.rows);
    next = learnChunk(next, batch.slice(start, end), params);
    if (next.rows === nextReview(next.rows - 1)) next = review(next, params);
    start = end;
  }
  return next;
}

function learnContext(
  model: HierarchicalModel,
  batch: readonly RewardedDecision[],
  params: LearningParams,
): HierarchicalModel {
  return withNames(model, learnContextNames(model.names, batch, params), params.maxProducts);
}

/** Gives every action of the batch weights of its own; beyond `maxActions` the one idle longest makes room. */
function withArms(
  model: HierarchicalModel,
  batch: readonly RewardedDecision[],
  params: LearningParams,
): HierarchicalModel {
  const arms = [...model.arms];
  const known = new Set(arms.map((arm) => arm.id));
  const dim = weightsPerArm(model);
  const pairs = screenedPairs(model.names.length, model.products.length, params.maxProducts);
  for (const { action } of batch) {
    if (known.has(action.id)) continue;
    known.add(action.id);
    if (arms.length >= params.maxActions) {
      const idle = arms.reduce(
        (least, arm, i) => (arm.block.at < (arms[least] as Arm).block.at ? i : least),
        0,
      );
      arms.splice(idle, 1);
    }
    arms.push({
      id: action.id,
      features: actionFeatures(action, params.featureLimit, params.maxActionFeatures),
      block: emptyBlock(dim),
      scores: new Float64Array(2 * pairs),
    });
  }
  if (arms.length === model.arms.length && arms.every((arm, i) => arm === model.arms[i])) return model;
  const next = { ...model, arms };
  return model.arms.length === 0 ? { ...next, armSize: meanArmSize(next) } : next;
}

function meanArmSize({ arms }: HierarchicalModel): number {
  const sum = arms.reduce((total, arm) => total + squaredSize(arm.features), 0);
  return sum > 0 ? sum / arms.length : 1;
}

/** Scales of the features as seen so far, and one more product if its absence shows. */
function review(model: HierarchicalModel, params: LearningParams): HierarchicalModel {
  const scales = model.squares.map((sum) => Math.max(1, sum / model.rows));
  const scaled = { ...model, scales, armSize: meanArmSize(model) };
  const product = missingProduct(scaled, params.maxProducts, params.productLevel);
  return product === undefined ? scaled : withProduct(scaled, product[0], product[1], params.maxProducts);
}

/** A decision as the filter has taken it in: what later ones of the chunk need to know of it. */
interface Taken {
  readonly white: Float64Array;
  /** Covariances of this score with the earlier ones, each as it was just before the earlier one was learned. */
  readonly links: Float64Array;
  /** By how much it moved its own mean per unit of covariance, and took from the variance. */
  gain: number;
  shrink: number;
}

function learnChunk(
  model: HierarchicalModel,
  rows: readonly RewardedDecision[],
  params: LearningParams,
): HierarchicalModel {
  const at = rows.reduce((newest, row) => Math.max(newest, row.at), model.rows === 0 ? -Infinity : model.at);
  const posterior = posteriorOf(model, at, params);
  const vector = vectorizer(model, params.featureLimit);
  const position = new Map(model.arms.map((arm, i) => [arm.id, i]));
  const arms = [...model.arms];
  const squares = model.squares.slice();
  const taken: Taken[] = [];
  for (const row of rows) {
    const arm = position.get(row.action.id);
    // More new actions in one batch than there is room for.
    if (arm === undefined) continue;
    const x = vector(row.context);
    for (let i = 0; i < squares.length; i++) squares[i] = (squares[i] as number) + (x[i + 1] as number) ** 2;
    if (arms[arm] === model.arms[arm]) arms[arm] = fadedCopy(arms[arm] as Arm, at, params.halfLifeDays);
    const weight = decayFactor(row.at, at, params.halfLifeDays);
    const reward = Math.min(1, Math.max(0, row.reward));
    takeIn(arms[arm] as Arm, predict(posterior, arm, x, taken), { x, reward, weight }, taken);
  }
  return { ...model, arms, squares, rows: model.rows + rows.length, at };
}

function fadedCopy(arm: Arm, at: number, halfLifeDays: number | null): Arm {
  const { a, b } = arm.block;
  const fade = arm.block.at === 0 ? 1 : decayFactor(arm.block.at, at, halfLifeDays);
  const copy = (values: Float64Array): Float64Array => values.map((value) => value * fade);
  return { ...arm, block: { ...arm.block, a: copy(a), b: copy(b), at }, scores: copy(arm.scores) };
}

interface Prediction {
  readonly mean: number;
  readonly variance: number;
  readonly white: Float64Array;
  readonly links: Float64Array;
}

/** Mean and variance of a score after the decisions taken in so far: theirs are rank-one changes. */
function predict(
  posterior: HierarchicalPosterior,
  arm: number,
  x: Float64Array,
  taken: readonly Taken[],
): Prediction {
  const white = posterior.whiten(arm, x);
  const links = new Float64Array(taken.length);
  let mean = posterior.meanOf(arm, x);
  let variance = dot(white, white, white.length);
  for (let s = 0; s < taken.length; s++) {
    const earlier = taken[s] as Taken;
    let link = dot(white, earlier.white, white.length);
    for (let q = 0; q < s; q++)
      link -= (taken[q] as Taken).shrink * (links[q] as number) * (earlier.links[q] as number);
    links[s] = link;
    mean += earlier.gain * link;
    variance -= earlier.shrink * link * link;
  }
  return { mean, variance: Math.max(0, variance), white, links };
}

/**
 * One logistic reward. The normal-logistic integral is MacKay's (1992): sigma(m / sqrt(1 + pi s^2 / 8)); its first two
 * derivatives in m are the matched moments. What is kept is the Gaussian factor they amount to.
 */
function takeIn(
  arm: Arm,
  { mean, variance, white, links }: Prediction,
  row: { readonly x: Float64Array; readonly reward: number; readonly weight: number },
  taken: Taken[],
): void {
  const kappa = 1 / Math.sqrt(1 + (Math.PI * variance) / 8);
  const expected = 1 / (1 + Math.exp(-kappa * mean));
  const residual = row.reward - expected;
  const information = expected * (1 - expected);
  const slope = kappa * residual;
  const curvature = Math.max(1e-12, kappa * kappa * information);
  const full = curvature / (1 - curvature * variance);
  const precision = row.weight * full;
  const target = row.weight * (full * mean + slope * (1 + full * variance));
  addOuterPacked(arm.block.a, arm.block.dim, row.x, precision);
  addScaled(arm.block.b, row.x, target);
  addScores(arm.scores, row.x, row.weight * residual, row.weight * information);
  const rest = 1 + precision * variance;
  taken.push({ white, links, gain: (target - precision * mean) / rest, shrink: precision / rest });
}
