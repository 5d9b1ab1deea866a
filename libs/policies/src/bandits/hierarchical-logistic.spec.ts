import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Json } from '#experiments';
import type { Action, BanditPolicy, DecisionRequest, RewardedDecision } from '../contract.js';
import { compileExploration } from '../exploration/index.js';
import { choleskyInPlace, invertCholesky } from '../linear-algebra/cholesky.js';
import { packedRow } from '../linear-algebra/packed.js';
import { serveAction } from '../serve.js';
import { hierarchicalLogistic } from './hierarchical-logistic.js';
import type { HierarchicalState } from './hierarchical-logistic.js';
import { emptyModel, weightsPerArm } from './hierarchical/model.js';
import type { HierarchicalModel } from './hierarchical/model.js';
import { HierarchicalPosterior } from './hierarchical/posterior.js';
import { chiSquareTail } from './hierarchical/product-screen.js';
import { emptyBlock } from './linear-block.js';
import { linearThompson } from './linear-thompson.js';

const START = Date.UTC(2024, 0, 1);
const greedy = compileExploration('greedy', {});

/** A logistic world of 6 actions in which the product of two tastes decides much; its constants are its own. */
function world(seed: string) {
  const rng = createRng(seed);
  const draw = (count: number, sd: number) => Array.from({ length: count }, () => sd * rng.normal());
  const actions: Action[] = Array.from({ length: 6 }, (_, a) => ({
    id: `a${a}`,
    features: { style: `s${a % 2}`, warmth: rng.normal(), tempo: rng.normal() },
  }));
  const common = draw(6, 0.3);
  const byWarmth = draw(6, 0.3);
  const own = actions.map(() => draw(6, 0.2));
  const round = () => {
    const x = [1, ...draw(5, 1)];
    const product = (x[2] as number) * (x[4] as number);
    const p = actions.map((action, a) => {
      const warmth = action.features['warmth'] as number;
      const linear = x.reduce(
        (sum, value, i) =>
          sum + value * ((common[i] as number) + warmth * (byWarmth[i] as number) + (own[a]?.[i] as number)),
        -1.5,
      );
      return 1 / (1 + Math.exp(-linear - 0.8 * product * warmth));
    });
    return {
      context: Object.fromEntries(x.slice(1).map((value, i) => [`x${i}`, value])),
      p,
      u: rng.uniform(),
    };
  };
  return { actions, round };
}

/** Mean expected reward of the rounds from `from` on, what the best action would have earned, and what was logged. */
function play<P, S>(policy: BanditPolicy<P, S>, input: object, rounds: number, from: number) {
  const { actions, round } = world('products');
  const params = policy.params.parse(input);
  const rng = createRng('play');
  let state = policy.initialState(params);
  let compiled = policy.compile(state, params);
  let earned = 0;
  let best = 0;
  let pending: RewardedDecision[] = [];
  const log: RewardedDecision[][] = [];
  for (let n = 0; n < rounds; n++) {
    const { context, p, u } = round();
    const request: DecisionRequest = { unitId: 'u', context, actions, subject: null, at: START + n * 1000 };
    const { index, propensity } = serveAction(compiled, request, greedy, 0, rng);
    if (n >= from) {
      earned += p[index] as number;
      best += Math.max(...p);
    }
    const reward = u < (p[index] as number) ? 1 : 0;
    const action = actions[index] as Action;
    pending.push({ ...request, decisionId: `d${n}`, action, position: 0, propensity, reward });
    if (pending.length < 20) continue;
    state = policy.update(state, pending, params);
    compiled = policy.compile(state, params);
    log.push(pending);
    pending = [];
  }
  return { mean: earned / (rounds - from), best: best / (rounds - from), state, log };
}

describe('hierarchical-logistic', () => {
  const ROUNDS = 3000;
  const learned = play(hierarchicalLogistic, {}, ROUNDS, 1500);

  it('finds the product that matters, and no other', () => {
    const model = learned.state.models.get('') as HierarchicalModel;
    expect(model.products.map(([i, j]) => [model.names[i], model.names[j]])).toEqual([['x1', 'x3']]);
  });

  it('beats the same model without products, and linear Thompson sampling, where a product matters', () => {
    const without = play(hierarchicalLogistic, { maxProducts: 0 }, ROUNDS, 1500).mean;
    const linear = play(linearThompson, {}, ROUNDS, 1500).mean;
    const shared = play(linearThompson, { sharing: 'shared' }, ROUNDS, 1500).mean;
    const regret = learned.best - learned.mean;
    // Regret at most half of that of anything linear.
    expect(2 * regret).toBeLessThan(learned.best - without);
    expect(2 * regret).toBeLessThan(learned.best - Math.max(linear, shared));
    expect(learned.mean).toBeGreaterThan(0.95 * learned.best);
  });

  it('replays from the log to the same bits, through any snapshot', () => {
    const params = hierarchicalLogistic.params.parse({});
    let state: HierarchicalState = hierarchicalLogistic.initialState(params);
    learned.log.forEach((batch, n) => {
      if (n % 50 === 7) {
        const stored = JSON.stringify(hierarchicalLogistic.encode(state));
        state = hierarchicalLogistic.decode(JSON.parse(stored) as Json);
      }
      state = hierarchicalLogistic.update(state, batch, params);
    });
    const encoded = (s: HierarchicalState) => JSON.stringify(hierarchicalLogistic.encode(s));
    expect(encoded(state)).toBe(encoded(learned.state));
  });

  it('forgets at the half-life: a world that turns around is learned anew', () => {
    const params = hierarchicalLogistic.params.parse({ halfLifeDays: 1 });
    const [good, bad] = world('products').actions as [Action, Action];
    const day = (number: number, winner: Action): RewardedDecision[] =>
      Array.from({ length: 200 }, (_, n) => {
        const action = n % 2 === 0 ? good : bad;
        const reward = action === winner ? 1 : 0;
        const at = START + number * 86_400_000 + n;
        const rest = { unitId: 'u', context: {}, subject: null, position: 0, propensity: 0.5 };
        return { ...rest, decisionId: `${number}-${n}`, action, reward, at };
      });
    let state = hierarchicalLogistic.initialState(params);
    for (let d = 0; d < 4; d++) state = hierarchicalLogistic.update(state, day(d, good), params);
    for (let d = 10; d < 12; d++) state = hierarchicalLogistic.update(state, day(d, bad), params);
    const request = { unitId: 'u', context: {}, actions: [good, bad], subject: null, at: START };
    const compiled = hierarchicalLogistic.compile(state, params);
    if (compiled.decides !== 'action') throw new Error('expected a chooser');
    const [first, second] = compiled.distribution(request);
    expect(second).toBeGreaterThan(0.99);
    expect(first).toBeLessThan(0.01);
  });
});

describe('the hierarchical posterior', () => {
  const variances = { commonVariance: 0.3, sharedVariance: 0.5, ownVariance: 0.2 };
  const z = [
    [1, 0.5],
    [-0.7, 2],
    [0.4, -1],
  ];
  const armSize = 1.7;

  /** Two actions with a likelihood each; the third is unknown. */
  function modelOf(): HierarchicalModel {
    const rng = createRng('posterior');
    const arms = [0, 1].map((arm) => {
      const a = new Float64Array(packedRow(3));
      const b = new Float64Array(3).map(() => rng.normal());
      for (let n = 0; n < 5; n++) {
        const x = [1, rng.normal(), rng.normal()];
        for (let i = 0; i < 3; i++)
          for (let j = 0; j <= i; j++)
            a[packedRow(i) + j] = (a[packedRow(i) + j] as number) + (x[i] as number) * (x[j] as number);
      }
      const features = { names: ['z0', 'z1'], values: Float64Array.from(z[arm] as number[]) };
      return {
        id: `a${arm}`,
        features,
        block: { ...emptyBlock(3), a, b, at: 1 },
        scores: new Float64Array(0),
      };
    });
    return { ...emptyModel, names: ['x0', 'x1'], arms, armSize, scales: Float64Array.of(1, 4), at: 1 };
  }

  /**
   * The same model written out with its latent weights: per context feature one common weight, one per action
   * feature and one per action. Mean and variance of the score of action `arm` by dense algebra.
   */
  function direct(model: HierarchicalModel, arm: number, x: readonly number[]) {
    const latent = (a: number): number[] => [
      1,
      ...(z[a] as number[]),
      ...[0, 1, 2].map((other) => (other === a ? 1 : 0)),
    ];
    const dim = 3 * 6;
    const vector = (a: number, v: readonly number[]) => v.flatMap((value) => latent(a).map((l) => l * value));
    const shared = variances.sharedVariance / armSize;
    const prior = [variances.commonVariance, shared, shared, 0.2, 0.2, 0.2];
    const precision = new Float64Array(dim * dim);
    const target = new Float64Array(dim);
    for (let i = 0; i < 3; i++) {
      for (let l = 0; l < 6; l++) {
        const variance = (prior[l] as number) + (i === 0 && l === 0 ? 9 : 0);
        precision[(i * 6 + l) * (dim + 1)] = (i === 2 ? 4 : 1) / variance;
      }
    }
    model.arms.forEach(({ block }, a) => {
      for (let i = 0; i < 3; i++) {
        const left = vector(
          a,
          [0, 1, 2].map((k) => (k === i ? 1 : 0)),
        );
        left.forEach((value, r) => (target[r] = (target[r] as number) + value * (block.b[i] as number)));
        for (let j = 0; j < 3; j++) {
          const entry = block.a[packedRow(Math.max(i, j)) + Math.min(i, j)] as number;
          const right = vector(
            a,
            [0, 1, 2].map((k) => (k === j ? 1 : 0)),
          );
          for (let r = 0; r < dim; r++)
            for (let s = 0; s < dim; s++)
              precision[r * dim + s] =
                (precision[r * dim + s] as number) + entry * (left[r] as number) * (right[s] as number);
        }
      }
    });
    choleskyInPlace(precision, dim);
    const inverse = invertCholesky(precision, dim);
    const phi = vector(arm, x);
    let mean = 0;
    let variance = 0;
    for (let r = 0; r < dim; r++) {
      for (let s = 0; s < dim; s++) {
        const value = (phi[r] as number) * (inverse[r * dim + s] as number);
        mean += value * (target[s] as number);
        variance += value * (phi[s] as number);
      }
    }
    return { mean, variance };
  }

  it('is that of common, shared and own weights written out, for known and for unknown actions', () => {
    const model = modelOf();
    expect(weightsPerArm(model)).toBe(3);
    const posterior = new HierarchicalPosterior(model, 1, { ...variances, halfLifeDays: null });
    const x = [1, 0.3, -1.2];
    const unknown = posterior.prior.given({
      names: ['z0', 'z1'],
      values: Float64Array.from(z[2] as number[]),
    });
    const scores = [0, 1].map((arm) => posterior.score(arm, Float64Array.from(x)));
    [...scores, posterior.scoreGiven(unknown, Float64Array.from(x))].forEach((score, arm) => {
      const expected = direct(model, arm, x);
      expect(score.mean).toBeCloseTo(expected.mean, 8);
      expect(score.variance).toBeCloseTo(expected.variance, 8);
    });
  });

  it.each([
    [18.307, 10, 0.05],
    [15.0863, 5, 0.01],
    [29.5883, 10, 0.001],
    [10.8276, 1, 0.001],
  ])('takes the tail of chi-square from tables: %d with %d degrees', (value, freedom, p) => {
    expect(Math.abs(chiSquareTail(value, freedom) / p - 1)).toBeLessThan(1e-4);
  });
});
