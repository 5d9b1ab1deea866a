import type { Action, DecisionRequest } from '../contract.js';
import { dot, quadraticForm } from '../linear-algebra/rank-one.js';
import { decayFactor, tallyKey } from './decayed-counts.js';
import { featureIndexOf } from './features.js';
import { sharedWeightsOf } from './hybrid-prior.js';
import type { SharedWeights } from './hybrid-prior.js';
import { emptyBlock, factorOf, meanWeights } from './linear-block.js';
import type { Factor, LinearBlock } from './linear-block.js';
import { featuresOf } from './linear-layout.js';
import { actionCapacity, ownRidge } from './linear-params.js';
import type { LinearParams } from './linear-params.js';
import { sharedDeviations, sharedMeans } from './linear-scores.js';
import type { ScorePosterior } from './linear-scores.js';
import type { LinearState } from './linear-state.js';

/** Scores of a compiled snapshot. */
export interface LinearModel {
  /** Mean score per action. */
  means(request: DecisionRequest): Float64Array;
  /** Mean and deviation of each score: the deviation is that of the mean weights under noise of variance 1. */
  posterior(request: DecisionRequest): ScorePosterior;
}

/** What answers requests from a snapshot; solved for an action when it is first asked for. */
export function compileLinear(state: LinearState, params: LinearParams): LinearModel {
  return params.sharing === 'shared' ? new CrossScores(state, params) : new OwnScores(state, params);
}

/** One action that has been learned from. */
interface Known {
  readonly theta: Float64Array;
  readonly factor: Factor;
  /** Features [1, z], where weights are shared. */
  readonly y: Float64Array;
}

/** disjoint and hybrid: every action has weights of its own, whose prior in the hybrid comes from shared ones. */
class OwnScores implements LinearModel {
  private readonly known = new Map<string, Known | undefined>();
  private readonly shared: SharedWeights | null;
  private readonly product: Float64Array;
  private readonly spread: Float64Array;

  constructor(
    private readonly state: LinearState,
    private readonly params: LinearParams,
  ) {
    const { shared } = state.prior;
    const size = state.contextFeatures.length + 1;
    this.shared =
      params.sharing === 'hybrid' && shared !== null ? sharedWeightsOf(shared, params.ridge, size) : null;
    this.product = new Float64Array(size);
    this.spread = new Float64Array(size);
  }

  means(request: DecisionRequest): Float64Array {
    const x = this.contextOf(request);
    const means = new Float64Array(request.actions.length);
    for (let i = 0; i < means.length; i++) means[i] = this.mean(request, request.actions[i] as Action, x);
    return means;
  }

  posterior(request: DecisionRequest): ScorePosterior {
    const x = this.contextOf(request);
    const count = request.actions.length;
    const mean = new Float64Array(count);
    const sd = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const action = request.actions[i] as Action;
      mean[i] = this.mean(request, action, x);
      const known = this.lookUp(request, action);
      const variance = known === undefined ? this.coldVariance(action, x) : this.variance(known, x);
      sd[i] = Math.sqrt(Math.max(0, variance));
    }
    return { mean, sd };
  }

  private contextOf(request: DecisionRequest): Float64Array {
    return featureIndexOf(this.state.contextFeatures, this.params.featureLimit).vector(request.context);
  }

  private actionOf(action: Action): Float64Array {
    return featureIndexOf(this.state.actionFeatures, this.params.featureLimit).vector(
      featuresOf(action, this.params.sharing),
    );
  }

  private lookUp(request: DecisionRequest, action: Action): Known | undefined {
    const key = tallyKey(request.subject, action.id, this.params.perSubject);
    const found = this.known.get(key);
    if (found !== undefined || this.known.has(key)) return found;
    const block = this.state.blocks.get(key);
    if (block === undefined) return undefined;
    const known = this.solve(block);
    this.known.set(key, known);
    return known;
  }

  private solve(block: LinearBlock): Known {
    const { params, state } = this;
    const factor = factorOf(
      block,
      ownRidge(params),
      decayFactor(block.at, state.rewards.at, params.halfLifeDays),
    );
    const extra = this.shared?.mean(block.action) ?? null;
    return { theta: meanWeights(block, factor, state.prior.base, extra), factor, y: block.action };
  }

  private mean(request: DecisionRequest, action: Action, x: Float64Array): number {
    const known = this.lookUp(request, action);
    if (known !== undefined) return dot(known.theta, x, x.length);
    const { base } = this.state.prior;
    return this.shared === null ? base : base + dot(this.shared.mean(this.actionOf(action)), x, x.length);
  }

  /** x'P x + ridge^2 (P x)' C (P x), P = (A + ridge I)^-1 and C the covariance of the prior mean. */
  private variance({ factor, y }: Known, x: Float64Array): number {
    const own = factor.variance(x, this.product);
    if (this.shared === null) return own;
    factor.product(this.product, this.spread);
    const covariance = this.shared.covariance(y);
    return own + factor.ridge ** 2 * quadraticForm(covariance, x.length, this.spread);
  }

  /** An action nobody has learned from: the prior, widened by features that are new with it. */
  private coldVariance(action: Action, x: Float64Array): number {
    const { params, shared, state } = this;
    const square = dot(x, x, x.length);
    const own = square / ownRidge(params);
    if (shared === null) return own;
    const full = state.actionFeatures.length >= actionCapacity(params);
    const index = featureIndexOf(state.actionFeatures, params.featureLimit);
    // A full dictionary learns nothing new, so there is no point in exploring what it does not hold.
    const unseen = full ? 0 : index.unseenSquares(featuresOf(action, params.sharing));
    return own + shared.varianceOf(x, this.actionOf(action)) + (unseen * square) / params.ridge;
  }
}

/** shared: one model of the products of context and action features. */
class CrossScores implements LinearModel {
  private readonly theta: Float64Array;
  private readonly factor: Factor;

  constructor(
    private readonly state: LinearState,
    private readonly params: LinearParams,
  ) {
    const block = state.prior.shared ?? emptyBlock(1);
    this.factor = factorOf(block, params.ridge, 1);
    this.theta = meanWeights(block, this.factor, state.prior.base, null);
  }

  means(request: DecisionRequest): Float64Array {
    return sharedMeans(this.actionsOf(request), this.contextOf(request), this.theta);
  }

  posterior(request: DecisionRequest): ScorePosterior {
    const vectors = this.actionsOf(request);
    const x = this.contextOf(request);
    const { dim, inverse } = this.factor;
    const sd = sharedDeviations(vectors, x, inverse, dim, this.novelty(request, x));
    return { mean: sharedMeans(vectors, x, this.theta), sd };
  }

  private contextOf(request: DecisionRequest): Float64Array {
    return featureIndexOf(this.state.contextFeatures, this.params.featureLimit).vector(request.context);
  }

  private actionsOf(request: DecisionRequest): Float64Array[] {
    const index = featureIndexOf(this.state.actionFeatures, this.params.featureLimit);
    return request.actions.map((action) => index.vector(featuresOf(action, 'shared')));
  }

  /** A full dictionary learns nothing new, so there is no point in exploring what it does not hold. */
  private novelty(request: DecisionRequest, x: Float64Array): Float64Array {
    const { params, state } = this;
    const full = state.actionFeatures.length >= actionCapacity(params);
    const index = featureIndexOf(state.actionFeatures, params.featureLimit);
    const perUnit = full ? 0 : dot(x, x, x.length) / params.ridge;
    return Float64Array.from(
      request.actions,
      (action) => perUnit * (full ? 0 : index.unseenSquares(featuresOf(action, 'shared'))),
    );
  }
}
