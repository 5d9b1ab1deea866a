import { describe, expect, it } from '@jest/globals';
import { binomialLaw, chiSquareSf, normalCdf, poissonCdf } from '#metrics';
import { AliasTable, binomialTable, poissonTable } from './alias-table.js';
import { Sampler } from './sampler.js';

const N = 100_000;

/** p-value of Pearson's chi-square of draws against cell probabilities. */
function goodness(counts: readonly number[], probabilities: readonly number[]): number {
  const n = counts.reduce((sum, count) => sum + count, 0);
  const chi2 = counts.reduce((sum, count, i) => {
    const expected = n * (probabilities[i] as number);
    return sum + (count - expected) ** 2 / expected;
  }, 0);
  return chiSquareSf(chi2, counts.length - 1);
}

/** Draws put through their own distribution function are uniform. */
function uniformity(draw: () => number, cdf: (x: number) => number): number {
  const cells = 50;
  const counts = new Array<number>(cells).fill(0);
  for (let i = 0; i < N; i++) {
    const cell = Math.min(cells - 1, Math.floor(cells * cdf(draw())));
    counts[cell] = (counts[cell] as number) + 1;
  }
  return goodness(
    counts,
    counts.map(() => 1 / cells),
  );
}

function momentsOf(draw: () => number): { mean: number; variance: number } {
  const values = Float64Array.from({ length: N }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / N;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (N - 1) };
}

describe('sampler', () => {
  it('is a stream of its seed', () => {
    const take = (seed: string) => {
      const sampler = new Sampler(seed);
      return Array.from({ length: 3000 }, () => sampler.uniform());
    };
    expect(take('a')).toEqual(take('a'));
    expect(take('a')).not.toEqual(take('b'));
    expect(new Set(take('a')).size).toBe(3000);
  });

  it('draws from the laws it names', () => {
    const sampler = new Sampler('laws');
    expect(
      uniformity(
        () => sampler.uniform(),
        (x) => x,
      ),
    ).toBeGreaterThan(0.001);
    expect(uniformity(() => sampler.normal(), normalCdf)).toBeGreaterThan(0.001);
    expect(
      uniformity(
        () => sampler.exponential(),
        (x) => -Math.expm1(-x),
      ),
    ).toBeGreaterThan(0.001);
    // Chi-square with 2, 4 and 1 degrees of freedom: closed forms.
    expect(
      uniformity(
        () => sampler.chiSquare(2),
        (x) => -Math.expm1(-x / 2),
      ),
    ).toBeGreaterThan(0.001);
    expect(
      uniformity(
        () => sampler.chiSquare(4),
        (x) => 1 - Math.exp(-x / 2) * (1 + x / 2),
      ),
    ).toBeGreaterThan(0.001);
    expect(
      uniformity(
        () => sampler.chiSquare(1),
        (x) => 2 * normalCdf(Math.sqrt(x)) - 1,
      ),
    ).toBeGreaterThan(0.001);
  });

  it.each([0.3, 1, 2.5, 400])('has the moments of a gamma with shape %d', (shape) => {
    const sampler = new Sampler(`gamma ${shape}`);
    const { mean, variance } = momentsOf(() => sampler.gamma(shape));
    expect(Math.abs(mean - shape)).toBeLessThan(4 * Math.sqrt(shape / N));
    // Variance of a sample variance: (mu4 - sigma^4) / n with mu4 = 3 shape^2 + 6 shape.
    expect(Math.abs(variance - shape)).toBeLessThan(4 * Math.sqrt((2 * shape ** 2 + 6 * shape) / N));
  });

  it('counts as Poisson and binomial laws do', () => {
    const sampler = new Sampler('counts');
    const cells = (draw: () => number, most: number): number[] => {
      const counts = new Array<number>(most + 1).fill(0);
      for (let i = 0; i < N; i++) {
        const k = Math.min(most, draw());
        counts[k] = (counts[k] as number) + 1;
      }
      return counts;
    };
    const poisson = Array.from({ length: 9 }, (_, k) =>
      k === 8 ? 1 - poissonCdf(7, 3) : poissonCdf(k, 3) - (k > 0 ? poissonCdf(k - 1, 3) : 0),
    );
    expect(
      goodness(
        cells(() => sampler.poisson(3), 8),
        poisson,
      ),
    ).toBeGreaterThan(0.001);
    const table = poissonTable(3);
    expect(
      goodness(
        cells(() => table.draw(sampler), 8),
        poisson,
      ),
    ).toBeGreaterThan(0.001);
    const law = binomialLaw(12, 0.3);
    const binomial = Array.from({ length: 9 }, (_, k) => Math.exp(k === 8 ? law.logUpper(8) : law.logPmf(k)));
    const hits = binomialTable(12, 0.3);
    expect(
      goodness(
        cells(() => hits.draw(sampler), 8),
        binomial,
      ),
    ).toBeGreaterThan(0.001);
  });

  it('draws cells with their weights, also those that are never to come', () => {
    const sampler = new Sampler('alias');
    const table = new AliasTable([3, 0, 1]);
    const counts = [0, 0, 0];
    for (let i = 0; i < N; i++) {
      const cell = table.draw(sampler);
      counts[cell] = (counts[cell] as number) + 1;
    }
    expect(counts[1]).toBe(0);
    expect(Math.abs((counts[0] as number) / N - 0.75)).toBeLessThan(4 * Math.sqrt(0.1875 / N));
  });

  it('tables of large binomials keep mean and variance', () => {
    const sampler = new Sampler('large');
    const table = binomialTable(100_000, 0.5);
    const { mean, variance } = momentsOf(() => table.draw(sampler));
    expect(Math.abs(mean - 50_000)).toBeLessThan(4 * Math.sqrt(25_000 / N));
    expect(Math.abs(variance / 25_000 - 1)).toBeLessThan(4 * Math.sqrt(2 / N));
  });
});
