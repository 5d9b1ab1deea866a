import type { Action, DecisionRequest } from '../contract.js';
import { dot, quadraticForm } from '../linear-algebra/rank-one.js';
import { decayFactor, tallyKey } from './decayed-counts.js';
import { featureIndexOf } from './features.js';
import type { FeatureIndex } from './features.js';
import { sharedWeightsOf } from './hybrid-prior.js';
import type { SharedWeights } from './hybrid-prior.js';
import { atBase, emptyBlock, Factor, factorOf, meanWeights, weightsByBase } from './linear-block.js';
import type { LinearBlock } from './linear-block.js';
import { featuresOf } from './linear-layout.js';
import { actionCapacity, ownRidge } from './linear-params.js';
import type { LinearParams } from './linear-params.js';
import { sharedDeviations, sharedMeans } from './linear-scores.js';
import type { ScorePosterior } from './linear-scores.js';
import type { LinearState, Solutions, Solved } from './linear-state.js';

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

/** disjoint and hybrid: every action has weights of its own, whose prior in the hybrid comes from shared ones. */
class OwnScores implements LinearModel {
  private readonly known = new Map<string, Solved>();
  private readonly before: Solutions['latest'];
  private readonly shared: SharedWeights | null;
  private readonly index: FeatureIndex;
  private readonly context: Float64Array;
  private readonly product: Float64Array;
  private readonly spread: Float64Array;

  constructor(
    private readonly state: LinearState,
    private readonly params: LinearParams,
  ) {
    this.before = state.solutions.latest;
    state.solutions.latest = this.known;
    const { shared } = state.prior;
    const size = state.contextFeatures.length + 1;
    this.shared =
      params.sharing === 'hybrid' && shared !== null ? sharedWeightsOf(shared, params.ridge, size) : null;
    this.index = featureIndexOf(state.contextFeatures, params.featureLimit);
    const { BYTES_PER_ELEMENT, buffer } = new Float64Array(3 * size);
    this.context = new Float64Array(buffer, 0, size);
    this.product = new Float64Array(buffer, size * BYTES_PER_ELEMENT, size);
    this.spread = new Float64Array(buffer, 2 * size * BYTES_PER_ELEMENT, size);
  }

  means(request: DecisionRequest): Float64Array {
    const x = this.contextOf(request);
    const means = new Float64Array(request.actions.length);
    for (let i = 0; i < means.length; i++) {
      const action = request.actions[i] as Action;
      means[i] = this.mean(this.lookUp(request, action), action, x);
    }
    return means;
  }

  posterior(request: DecisionRequest): ScorePosterior {
    const x = this.contextOf(request);
    const count = request.actions.length;
    const mean = new Float64Array(count);
    const sd = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const action = request.actions[i] as Action;
      const known = this.lookUp(request, action);
      mean[i] = this.mean(known, action, x);
      const variance = known === undefined ? this.coldVariance(action, x) : this.variance(known, x);
      sd[i] = Math.sqrt(Math.max(0, variance));
    }
    return { mean, sd };
  }

  /** Valid until the next request. */
  private contextOf(request: DecisionRequest): Float64Array {
    this.context.fill(0);
    return this.index.fill(this.context, request.context);
  }

  private actionOf(action: Action): Float64Array {
    return featureIndexOf(this.state.actionFeatures, this.params.featureLimit).vector(
      featuresOf(action, this.params.sharing),
    );
  }

  private lookUp(request: DecisionRequest, action: Action): Solved | undefined {
    const key = tallyKey(request.subject, action.id, this.params.perSubject);
    const found = this.known.get(key);
    if (found !== undefined) return found;
    const block = this.state.blocks.get(key);
    if (block === undefined) return undefined;
    const known = this.solve(block, this.before?.get(key));
    this.known.set(key, known);
    return known;
  }

  private solve(block: LinearBlock, before: Solved | undefined): Solved {
    const { params, state } = this;
    const { base } = state.prior;
    const extra = this.shared?.mean(block.action) ?? null;
    const ridge = ownRidge(params);
    const fade = decayFactor(block.at, state.rewards.at, params.halfLifeDays);
    const same = before?.factor.isOf(block, ridge, fade) === true;
    if (same && before.base === base && before.extra === extra) return before;
    const factor = same ? before.factor : new Factor(block, ridge, fade);
    if (this.shared !== null)
      return {
        base,
        extra,
        theta: meanWeights(block, factor, base, extra),
        factor,
        byBase: null,
        y: block.action,
      };
    const known = same ? before.byBase : null;
    const byBase = known === null ? weightsByBase(block, factor, base) : atBase(known, base);
    return { base, extra, theta: byBase.theta, factor, byBase, y: block.action };
  }

  private mean(known: Solved | undefined, action: Action, x: Float64Array): number {
    if (known !== undefined) return dot(known.theta, x, x.length);
    const { base } = this.state.prior;
    return this.shared === null ? base : base + dot(this.shared.mean(this.actionOf(action)), x, x.length);
  }

  /** x'P x + ridge^2 (P x)' C (P x), P = (A + ridge I)^-1 and C the covariance of the prior mean. */
  private variance({ factor, y }: Solved, x: Float64Array): number {
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
