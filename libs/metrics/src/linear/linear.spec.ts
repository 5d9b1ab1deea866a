import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { solveSymmetric } from './cholesky.js';
import { centred, leastSquares } from './least-squares.js';
import { dot } from './vectors.js';

/** Longley 1967, with the certified values of NIST's Statistical Reference Datasets: nearly collinear. */
const LONGLEY = {
  y: [
    60323, 61122, 60171, 61187, 63221, 63639, 64989, 63761, 66019, 67857, 68169, 66513, 68655, 69564, 69331,
    70551,
  ],
  x: [
    [83, 88.5, 88.2, 89.5, 96.2, 98.1, 99, 100, 101.2, 104.6, 108.4, 110.8, 112.6, 114.2, 115.7, 116.9],
    [
      234289, 259426, 258054, 284599, 328975, 346999, 365385, 363112, 397469, 419180, 442769, 444546, 482704,
      502601, 518173, 554894,
    ],
    [2356, 2325, 3682, 3351, 2099, 1932, 1870, 3578, 2904, 2822, 2936, 4681, 3813, 3931, 4806, 4007],
    [1590, 1456, 1616, 1650, 3099, 3594, 3547, 3350, 3048, 2857, 2798, 2637, 2552, 2514, 2572, 2827],
    [
      107608, 108632, 109773, 110929, 112075, 113270, 115094, 116219, 117388, 118734, 120445, 121950, 123366,
      125368, 127852, 130081,
    ],
    Array.from({ length: 16 }, (_, i) => 1947 + i),
  ],
  slopes: [
    15.0618722713733, -0.035819179292591, -2.02022980381683, -1.03322686717359, -0.0511041056535807,
    1829.15146461355,
  ],
  residualSquares: 836424.055505915,
};

const ones = (n: number): Float64Array => new Float64Array(n).fill(1);

describe('leastSquares', () => {
  it('reproduces the certified values of Longley', () => {
    const fit = leastSquares([ones(16), ...LONGLEY.x.map(centred)], centred(LONGLEY.y));
    LONGLEY.slopes.forEach((slope, j) =>
      expect(Math.abs((fit.coefficients[j + 1] as number) / slope - 1)).toBeLessThan(1e-9),
    );
    expect(Math.abs(fit.residualSquares / LONGLEY.residualSquares - 1)).toBeLessThan(1e-9);
    expect(fit.leverages.reduce((a, b) => a + b, 0)).toBeCloseTo(7, 10);
  });

  it('gives influence weights whose sum with y is the coefficient, and whose squares are its variance factor', () => {
    const rng = createRng('influence');
    const x = Float64Array.from({ length: 30 }, () => rng.normal());
    const y = x.map((value) => 2 * value + rng.normal());
    const fit = leastSquares([ones(30), x], y);
    const weights = fit.influence([0, 1]);
    expect(dot(weights, y)).toBeCloseTo(fit.coefficients[1] as number, 12);
    const centre = centred(x);
    expect(dot(weights, weights)).toBeCloseTo(1 / dot(centre, centre), 12);
  });

  it('leaves out columns that repeat those before them, and says which', () => {
    const rng = createRng('redundant');
    const x = Float64Array.from({ length: 20 }, () => rng.normal());
    const z = Float64Array.from({ length: 20 }, () => rng.normal());
    const y = x.map((value, i) => value - (z[i] as number) + rng.normal());
    const copy = x.map((value, i) => 3 * value - 2 * (z[i] as number) + 1);
    const full = leastSquares([ones(20), x, z], y);
    const more = leastSquares([ones(20), x, z, copy, new Float64Array(20)], y);
    expect(more.redundant).toEqual([3, 4]);
    expect(more.rank).toBe(3);
    expect([...more.coefficients.subarray(0, 3)]).toEqual([...full.coefficients]);
  });

  it('recognises a constant column and a perfect fit whatever the offset', () => {
    expect([...centred([1e9 + 0.1, 1e9 + 0.1, 1e9 + 0.1])]).toEqual([0, 0, 0]);
    const x = Float64Array.from([1, 2, 3, 4, 5]);
    expect(
      leastSquares(
        [ones(5), x],
        x.map((value) => 0.1 * value + 0.3),
      ).residualSquares,
    ).toBe(0);
  });
});

describe('solveSymmetric', () => {
  it('solves what it built, across scales of the variables', () => {
    const s = Float64Array.from([4, 2e-6, 600, 2e-6, 3e-12, 5e-4, 600, 5e-4, 1e6]);
    const b = [2, -3e6, 0.004];
    const c = Float64Array.from([0, 1, 2], (i) => dot(s.subarray(3 * i, 3 * i + 3), b));
    solveSymmetric(s, c).forEach((value, i) => expect(value / (b[i] as number)).toBeCloseTo(1, 9));
  });

  it('gives 0 to variables without variance and to copies', () => {
    const s = Float64Array.from([2, 0, 4, 0, 0, 0, 4, 0, 8]);
    expect([...solveSymmetric(s, Float64Array.from([6, 0, 12]))]).toEqual([expect.closeTo(3, 12), 0, 0]);
  });
});
