import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { drawBeta, drawGamma } from './beta.js';

const DRAWS = 40_000;

function moments(draw: () => number): { mean: number; variance: number } {
  let mean = 0;
  let squares = 0;
  for (let n = 1; n <= DRAWS; n++) {
    const x = draw();
    const delta = x - mean;
    mean += delta / n;
    squares += delta * (x - mean);
  }
  return { mean, variance: squares / (DRAWS - 1) };
}

describe('random draws', () => {
  it.each([0.3, 1, 2.5, 40])('Gamma(%d) has its mean and variance', (shape) => {
    const rng = createRng(`gamma ${shape}`);
    const { mean, variance } = moments(() => drawGamma(shape, rng));
    // Five standard errors; the fourth central moment of a Gamma is 3 shape^2 + 6 shape.
    expect(Math.abs(mean - shape)).toBeLessThan(5 * Math.sqrt(shape / DRAWS));
    expect(Math.abs(variance - shape)).toBeLessThan(5 * Math.sqrt((2 * shape * shape + 6 * shape) / DRAWS));
  });

  it.each([
    [0.5, 0.5],
    [1, 1],
    [2, 30],
    [300, 2],
  ])('Beta(%d, %d) has its mean and variance', (a, b) => {
    const rng = createRng(`beta ${a} ${b}`);
    const { mean, variance } = moments(() => drawBeta(a, b, rng));
    const expected = a / (a + b);
    const spread = (expected * (1 - expected)) / (a + b + 1);
    expect(Math.abs(mean - expected)).toBeLessThan(5 * Math.sqrt(spread / DRAWS));
    expect(Math.abs(variance / spread - 1)).toBeLessThan(0.1);
  });

  it('stays in [0, 1] for tiny shapes', () => {
    const rng = createRng('tiny');
    for (let n = 0; n < 1000; n++) {
      const x = drawBeta(1e-3, 1e-3, rng);
      if (!(x >= 0 && x <= 1)) throw new Error(`${x}`);
    }
  });
});
