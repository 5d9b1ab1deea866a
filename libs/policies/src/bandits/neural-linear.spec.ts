import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { RewardedDecision } from '../contract.js';
import { chooserOf, rewarded } from '../testing/rows.js';
import { requestOf } from '../testing/worlds.js';
import { linearThompson } from './linear-thompson.js';
import { emptyLayer, emptyOutput, represent, trainStep, widenLayer } from './neural-network.js';
import { neuralLinear } from './neural-linear.js';

describe('the network', () => {
  const layer = widenLayer(emptyLayer(3), 3);
  const x = Float64Array.of(1, -0.7, 0.4);
  const output = { ...emptyOutput(6), weights: Float64Array.of(0.3, -0.2, 0.5, 1.1, -0.6, 0.8) };

  /** Logistic loss of a reward of 1 with one weight moved. */
  function loss(of: 'layer' | 'output', at: number, by: number): number {
    const moved = { ...layer, weights: layer.weights.slice() };
    const out = output.weights.slice();
    const target = of === 'layer' ? moved.weights : out;
    target[at] = (target[at] as number) + by;
    const features = represent(moved, x);
    return Math.log1p(Math.exp(-features.reduce((sum, value, i) => sum + value * (out[i] as number), 0)));
  }

  it('steps along the gradient that finite differences give', () => {
    const trained = { ...layer, weights: layer.weights.slice(), squares: new Float64Array(9) };
    const head = { weights: output.weights.slice(), squares: new Float64Array(6) };
    trainStep(trained, head, x, represent(layer, x), 1, 1e-3);
    // AdaGrad keeps the squared gradients: from 0, one step leaves exactly those.
    const check = (
      of: 'layer' | 'output',
      squares: Float64Array,
      after: Float64Array,
      before: Float64Array,
    ) =>
      squares.forEach((square, at) => {
        const gradient = (loss(of, at, 1e-5) - loss(of, at, -1e-5)) / 2e-5;
        expect(Math.sqrt(square)).toBeCloseTo(Math.abs(gradient), 8);
        expect((after[at] as number) - (before[at] as number)).toBeCloseTo(-1e-3 * Math.sign(gradient), 10);
      });
    check('layer', trained.squares, trained.weights, layer.weights);
    check('output', head.squares, head.weights, output.weights);
  });
});

/** Action a earns where the signs of p and q agree, b where they do not: no linear model can tell. */
function productWorld(count: number): RewardedDecision[] {
  const rng = createRng('product');
  return Array.from({ length: count }, (_, n) => {
    const [p, q] = [rng.normal(), rng.normal()];
    const id = rng.uniform() < 0.5 ? 'a' : 'b';
    const liked = p * q > 0 === (id === 'a');
    return rewarded(id, { p, q }, rng.uniform() < (liked ? 0.9 : 0.1) ? 1 : 0, n);
  });
}

describe('neural-linear Thompson sampling', () => {
  const actions = ['a', 'b'].map((id) => ({ id, features: {} }));
  const corners = [
    [1, 1],
    [1, -1],
    [-1, 1],
    [-1, -1],
  ] as const;
  /** Probability of the better action over the four corners. */
  const right = (chooser: ReturnType<typeof chooserOf>): number =>
    corners.reduce((sum, [p, q]) => {
      const share = chooser.distribution(requestOf(actions, { p, q }));
      return sum + (share[p * q > 0 ? 0 : 1] as number) / 4;
    }, 0);

  it('learns a product that linear models cannot', () => {
    const rows = productWorld(4096);
    expect(right(chooserOf(neuralLinear, rows, {}))).toBeGreaterThan(0.95);
    expect(right(chooserOf(linearThompson, rows, {}))).toBeLessThan(0.75);
  });

  it('is the ridge regression on its representation until that changes', () => {
    // One constant input: features [1, tanh(w_u)], all constant, so ridge regression is that of one number.
    const rows = [1, 0, 1, 1].map((reward, n) => rewarded('a', {}, reward, n));
    const scores = chooserOf(neuralLinear, rows, { ridge: 2, hiddenUnits: 4 }).scores?.(
      requestOf(actions.slice(0, 1)),
    );
    // The rewards have their base rate as their mean, so nothing is left to explain.
    expect(scores?.[0]).toBeCloseTo(0.75, 12);
    const layer = emptyLayer(4);
    const square = represent(layer, Float64Array.of(1)).reduce((sum, value) => sum + value * value, 0);
    // b alone is known: a regression on a constant vector f has the mean base + |f|^2 S / (ridge + n |f|^2).
    const mixed = [...rows, rewarded('b', {}, 0, 4), rewarded('b', {}, 0, 5)];
    const base = 3 / 6;
    const both = chooserOf(neuralLinear, mixed, { ridge: 2, hiddenUnits: 4 }).scores?.(requestOf(actions));
    const mean = (sum: number, n: number): number => base + (square * (sum - n * base)) / (2 + n * square);
    expect(both?.[0]).toBeCloseTo(mean(3, 4), 10);
    expect(both?.[1]).toBeCloseTo(mean(0, 2), 10);
  });
});
