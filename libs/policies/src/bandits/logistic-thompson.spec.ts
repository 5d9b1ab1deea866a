import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { chooserOf, rewarded } from '../testing/rows.js';
import { requestOf } from '../testing/worlds.js';
import { logisticThompson } from './logistic-thompson.js';

const sigmoid = (score: number): number => 1 / (1 + Math.exp(-score));

describe('logistic Thompson sampling', () => {
  it('makes the first Newton step of the theory', () => {
    // At logit 0: curvature 1/4, gradient 1/2; then the prior moves to the logit of (1 + .5) / 2, which is ln 3.
    const chooser = chooserOf(logisticThompson, [rewarded('a', {}, 1, 0)], { sharing: 'disjoint', ridge: 2 });
    const score = Math.log(3) + (0.5 - Math.log(3) / 4) / (2 + 1 / 4);
    const scores = chooser.scores?.(requestOf([{ id: 'a', features: {} }])) ?? [];
    expect(scores[0]).toBeCloseTo(sigmoid(score), 12);
  });

  /** The mode of the posterior by Newton's method over all rows at once, and the deviation of a score there. */
  function laplace(
    data: readonly (readonly [x: number, y: number])[],
    ridge: number,
    base: number,
    x: number,
  ): { mean: number; sd: number } {
    let [w0, w1] = [base, 0];
    let [h00, h01, h11] = [0, 0, 0];
    for (let step = 0; step < 25; step++) {
      let [g0, g1] = [-ridge * (w0 - base), -ridge * w1];
      [h00, h01, h11] = [ridge, 0, ridge];
      for (const [xi, yi] of data) {
        const mu = sigmoid(w0 + w1 * xi);
        g0 += yi - mu;
        g1 += (yi - mu) * xi;
        h00 += mu * (1 - mu);
        h01 += mu * (1 - mu) * xi;
        h11 += mu * (1 - mu) * xi * xi;
      }
      const determinant = h00 * h11 - h01 * h01;
      w0 += (h11 * g0 - h01 * g1) / determinant;
      w1 += (h00 * g1 - h01 * g0) / determinant;
    }
    const determinant = h00 * h11 - h01 * h01;
    return { mean: w0 + w1 * x, sd: Math.sqrt((h11 - 2 * x * h01 + x * x * h00) / determinant) };
  }

  it('comes to the mode and the curvature of the whole posterior', () => {
    const rng = createRng('logistic');
    const truth = { a: [-1, 1.5], b: [-1.5, -0.5] } as const;
    const rows = Array.from({ length: 3000 }, (_, n) => {
      const id = rng.uniform() < 0.5 ? 'a' : 'b';
      const x = rng.normal();
      const reward = rng.uniform() < sigmoid(truth[id][0] + truth[id][1] * x) ? 1 : 0;
      return rewarded(id, { x }, reward, n);
    });
    const mean = rows.reduce((sum, row) => sum + row.reward, 0) / rows.length;
    const base = Math.log(mean / (1 - mean));
    const chooser = chooserOf(logisticThompson, rows, { sharing: 'disjoint', ridge: 2, scale: 1 });
    const actions = (['a', 'b'] as const).map((id) => ({ id, features: {} }));
    for (const x of [-1, 0.5, 2]) {
      const beliefs = chooser.beliefs?.(requestOf(actions, { x })) ?? [];
      actions.forEach(({ id }, i) => {
        const data = rows
          .filter((row) => row.action.id === id)
          .map((row) => [row.context['x'] as number, row.reward] as const);
        const whole = laplace(data, 2, base, x);
        const p = sigmoid(whole.mean);
        // One pass over the data instead of many: within half a deviation of the mode, and its width within a tenth.
        const believed = beliefs[i] as { mean: number; sd: number };
        const width = p * (1 - p) * whole.sd;
        expect(Math.abs(believed.mean - p)).toBeLessThan(0.5 * width);
        expect(Math.abs(believed.sd / width - 1)).toBeLessThan(0.1);
      });
    }
  });
});
