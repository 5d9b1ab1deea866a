import type { RewardedDecision } from '../contract.js';
import { addFourOuterPacked, addOuterPacked, OUTER_ROWS } from '../linear-algebra/packed.js';
import { addScaled, dot } from '../linear-algebra/rank-one.js';
import { addOne, checkRewarded, decayFactor, tallyKey } from './decayed-counts.js';
import type { Tally } from './decayed-counts.js';
import { sharedInformation, sharedWeightsOf } from './hybrid-prior.js';
import { copyBlock, emptyBlock, Factor, meanWeights } from './linear-block.js';
import type { LinearBlock } from './linear-block.js';
import { blockSize, readBatch } from './linear-layout.js';
import type { Vectors } from './linear-layout.js';
import type { Curved, Link } from './linear-link.js';
import { ownRidge } from './linear-params.js';
import type { LinearParams } from './linear-params.js';
import { crossFeatures } from './linear-scores.js';
import { isSum, summed } from './linear-correct.js';
import { SHARED_KEY } from './linear-state.js';
import type { LinearPrior, LinearState } from './linear-state.js';

/** The prior is renewed when the decisions learned since are this share of all that still count. */
const RENEWAL = 0.1;
const DAY_MS = 86_400_000;

/** A state with the batch added; the one given stays as it is. @throws DomainError `invalid_reward`. */
export function learnLinear(
  state: LinearState,
  batch: readonly RewardedDecision[],
  params: LinearParams,
  link: Link,
): LinearState {
  if (batch.length === 0) return state;
  batch.forEach(checkRewarded);
  const read = readBatch(state, batch, params);
  return learnVectors(read.state, batch, read.vectors, params, link);
}

/**
 * As learnLinear, for a batch that has been read in the layout of the state.
 * @param copies how often each decision counts, whole numbers >= 0; once without.
 */
export function learnVectors(
  state: LinearState,
  batch: readonly RewardedDecision[],
  { x, y }: Vectors,
  params: LinearParams,
  link: Link,
  copies?: Uint8Array,
): LinearState {
  const learner = new Learner(state, params, link, newest(batch));
  for (let n = 0; n < batch.length; n++) {
    for (let copy = copies?.[n] ?? 1; copy > 0; copy--)
      learner.learn(batch[n] as RewardedDecision, x[n] as Float64Array, y[n] ?? null);
  }
  return learner.result();
}

function newest(batch: readonly RewardedDecision[]): number {
  let latest = -Infinity;
  for (const { at } of batch) if (at > latest) latest = at;
  return latest;
}

type Draft = { -readonly [field in keyof LinearBlock]: LinearBlock[field] };

const NO_ROW = new Float64Array(0);

/** A block that is being learned, and its latest rows, which wait until there are enough to be added at once. */
class Open {
  private readonly rows: Float64Array[] = [NO_ROW, NO_ROW, NO_ROW, NO_ROW];
  private readonly weights = [0.5, 0.5, 0.5, 0.5];
  private waiting = 0;

  constructor(readonly draft: Draft) {}

  /** A += weight x x', b += weight x reward. */
  add(x: Float64Array, weight: number, reward: number): void {
    const { draft, rows, weights } = this;
    if (reward !== 0) addScaled(draft.b, x, weight * reward);
    rows[this.waiting] = x;
    weights[this.waiting] = weight;
    if (++this.waiting < OUTER_ROWS) return;
    addFourOuterPacked(draft.a, draft.dim, rows, weights);
    this.waiting = 0;
  }

  /** Adds what waits: the sums do not depend on how many rows were added at once. */
  settle(): void {
    const { draft, rows, waiting, weights } = this;
    this.waiting = 0;
    if (waiting === 1) addOuterPacked(draft.a, draft.dim, rows[0] as Float64Array, weights[0] as number);
    if (waiting < 2) return;
    for (let i = waiting; i < OUTER_ROWS; i++) {
      rows[i] = rows[0] as Float64Array;
      weights[i] = 0;
    }
    addFourOuterPacked(draft.a, draft.dim, rows, weights);
  }
}

/** Where a curved model stands in the middle of a batch: (A + ridge I)^-1 and the mean weights. */
interface Standing {
  readonly inverse: Float64Array;
  readonly theta: Float64Array;
}

/** Learns one decision after the other. Blocks are copied when they are first touched. */
class Learner {
  private readonly blocks: Map<string, LinearBlock>;
  private readonly open = new Map<string, Open>();
  private readonly standings = new Map<string, Standing>();
  private prior: LinearPrior;
  private since: number;
  private rewards: Tally;
  private readonly product: Float64Array;
  private readonly sum: boolean;

  constructor(
    private readonly state: LinearState,
    private readonly params: LinearParams,
    private readonly link: Link,
    private readonly at: number,
  ) {
    this.blocks = new Map(state.blocks);
    this.prior = state.prior;
    this.since = state.prior.since;
    this.rewards = state.rewards;
    this.product = new Float64Array(blockSize(state, params));
    this.sum = isSum(params, link);
  }

  result(): LinearState {
    const { blocks, prior, rewards, since, state } = this;
    this.settle();
    if (this.sum) return summed(state, blocks, rewards);
    const solutions = { latest: state.solutions.latest };
    return { ...state, blocks, prior: { ...prior, since }, rewards, solutions };
  }

  /** @param x [1, context]. @param y [1, features of the action]; null where nothing is shared. */
  learn(decision: RewardedDecision, x: Float64Array, y: Float64Array | null): void {
    const { params, rewards } = this;
    const { at, reward, subject } = decision;
    const shared = params.sharing === 'shared';
    const key = shared ? SHARED_KEY : tallyKey(subject, decision.action.id, params.perSubject);
    const open = this.opened(key);
    const { draft } = open;
    if (y !== null && !shared && !sameNumbers(draft.action, y)) {
      draft.action = y;
      this.standings.delete(key);
    }
    const features = shared ? crossFeatures(x, y as Float64Array) : x;
    const weight = decayFactor(at, draft.at, params.halfLifeDays);
    if (this.link.curved === null) open.add(features, weight, reward);
    else this.learnCurved(this.link.curved, key, draft, features, weight, reward);
    this.rewards = addOne(
      rewards.weight === 0 ? { ...rewards, at } : rewards,
      at,
      this.link.curved?.clip(reward) ?? reward,
      params.halfLifeDays,
    );
    this.since++;
    if (!this.sum && this.since >= RENEWAL * this.rewards.weight) this.renew();
  }

  /** A block of this batch's own, faded to the newest decision. */
  private opened(key: string): Open {
    const known = this.open.get(key);
    if (known !== undefined) return known;
    const block = this.blocks.get(key);
    const draft: Draft =
      block === undefined
        ? { ...emptyBlock(blockSize(this.state, this.params)), at: this.at }
        : this.faded(block);
    this.blocks.set(key, draft);
    const open = new Open(draft);
    this.open.set(key, open);
    return open;
  }

  private settle(): void {
    for (const open of this.open.values()) open.settle();
  }

  private faded(block: LinearBlock): Draft {
    const at = Math.max(block.at, this.at);
    const fade = decayFactor(block.at, at, this.params.halfLifeDays);
    return copyBlock(block, fade, at);
  }

  /**
   * One step of online Laplace: A gains the curvature of the log likelihood at the mean weights, and b what makes
   * (A + ridge I)^-1 b the mean weights after a Newton step. So A and b add up, fade and grow as in ridge regression.
   */
  private learnCurved(
    curved: Curved,
    key: string,
    draft: Draft,
    x: Float64Array,
    share: number,
    reward: number,
  ): void {
    const { inverse, theta } = this.standing(key, draft);
    const { product } = this;
    const { dim } = draft;
    const score = dot(theta, x, dim);
    const mean = curved.mean(score);
    const weight = share * curved.slope(mean);
    const surprise = share * (curved.clip(reward) - mean);
    addOuterPacked(draft.a, dim, x, weight);
    addScaled(draft.b, x, weight * score + surprise);
    for (let i = 0; i < dim; i++) product[i] = rowProduct(inverse, i * dim, x, dim);
    const shrink = 1 / (1 + weight * dot(product, x, dim));
    for (let i = 0; i < dim; i++) {
      const pi = shrink * (product[i] as number);
      theta[i] = (theta[i] as number) + surprise * pi;
      subtractScaled(inverse, i * dim, product, weight * pi, dim);
    }
  }

  /** Always afresh from the block at the start of a batch, so that a replay from a snapshot gives the same bits. */
  private standing(key: string, draft: Draft): Standing {
    const known = this.standings.get(key);
    if (known !== undefined) return known;
    const { params, prior } = this;
    // Not factorOf, which would keep it: the draft is still changing.
    const factor = new Factor(draft, ownRidge(params), 1);
    const extra = actionPriorMean(prior, draft.action, this.state, params);
    const standing = {
      inverse: factor.inverse.slice(),
      theta: meanWeights(draft, factor, prior.base, extra),
    };
    this.standings.set(key, standing);
    return standing;
  }

  private renew(): void {
    const { blocks, link, params, state } = this;
    const base = link.base(this.rewards);
    this.settle();
    let shared: LinearBlock | null = null;
    if (params.sharing === 'shared') shared = this.snapshot();
    if (params.sharing === 'hybrid') {
      const data = Array.from(blocks.values(), (block) => ({ block, fade: this.fadeNow(block) }));
      const context = state.contextFeatures.length + 1;
      shared = sharedInformation(data, context, state.actionFeatures.length + 1, ownRidge(params), base);
    }
    this.prior = { base, shared, since: 0 };
    this.since = 0;
    this.standings.clear();
  }

  /** Weight of the block's decisions as of the newest decision learned, which may lie before the block's time. */
  private fadeNow(block: LinearBlock): number {
    const { halfLifeDays } = this.params;
    return halfLifeDays === null ? 1 : 2 ** ((block.at - this.rewards.at) / (halfLifeDays * DAY_MS));
  }

  private snapshot(): LinearBlock | null {
    const block = this.blocks.get(SHARED_KEY);
    if (block === undefined) return null;
    const fade = this.fadeNow(block);
    return { ...block, a: block.a.map((v) => v * fade), b: block.b.map((v) => v * fade), at: 0 };
  }
}

/** Mean of the action's own weights before its own data, beyond the base; null where nothing is shared. */
export function actionPriorMean(
  prior: LinearPrior,
  y: Float64Array,
  state: Pick<LinearState, 'contextFeatures'>,
  params: LinearParams,
): Float64Array | null {
  if (params.sharing !== 'hybrid' || prior.shared === null) return null;
  return sharedWeightsOf(prior.shared, params.ridge, state.contextFeatures.length + 1).mean(y);
}

function sameNumbers(a: Float64Array, b: Float64Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function rowProduct(m: Float64Array, from: number, x: Float64Array, length: number): number {
  let sum = 0;
  for (let j = 0; j < length; j++) sum += (m[from + j] as number) * (x[j] as number);
  return sum;
}

function subtractScaled(
  m: Float64Array,
  from: number,
  x: Float64Array,
  factor: number,
  length: number,
): void {
  for (let j = 0; j < length; j++) m[from + j] = (m[from + j] as number) - factor * (x[j] as number);
}
