import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  betaCdf,
  betaLogitQuantile,
  betaQuantile,
  binomialLaw,
  binomialLogPmf,
  discreteQuantile,
  discreteUpperQuantile,
  hypergeometricLaw,
  minimumLikelihoodLogP,
} from './index.js';
import type { DiscreteLaw } from './index.js';

function expectRelative(got: number, want: number, tolerance = 1e-12): void {
  expect(Math.abs(got / want - 1)).toBeLessThan(tolerance);
}

function choose(n: number, k: number): number {
  let result = 1;
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i;
  return result;
}

function support(law: DiscreteLaw): number[] {
  return Array.from({ length: law.max - law.min + 1 }, (_, i) => law.min + i);
}

const binomial = fc
  .tuple(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0.001, max: 0.999, noNaN: true }))
  .map(([n, p]) => binomialLaw(n, p));
const hypergeometric = fc
  .tuple(fc.nat(40), fc.nat(40), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([marked, unmarked, share]) =>
    hypergeometricLaw(marked, unmarked, Math.round(share * (marked + unmarked))),
  );
const anyLaw = fc.oneof(binomial, hypergeometric);

describe('binomial probabilities', () => {
  it('are the textbook ones for small n', () => {
    expectRelative(Math.exp(binomialLogPmf(3, 10, 0.5)), 120 / 1024);
    expectRelative(Math.exp(binomialLogPmf(0, 4, 0.2)), 0.8 ** 4);
    expectRelative(Math.exp(binomialLogPmf(4, 4, 0.2)), 0.2 ** 4);
    expect(binomialLogPmf(0, 0, 0.2)).toBe(0);
    expect(binomialLogPmf(1, 3, 0)).toBe(-Infinity);
    expect(binomialLogPmf(1.5, 3, 0.5)).toBe(-Infinity);
  });

  it('keep their digits for thousands of millions of trials (mpmath 1.3.0, 60 digits)', () => {
    expectRelative(binomialLogPmf(500_020_000, 1e9, 0.5), -11.387424270781266, 1e-13);
    expectRelative(binomialLogPmf(600_030_000, 2e9, 0.3), -11.918253820642381, 1e-12);
    expectRelative(binomialLaw(2e6, 0.3).logUpper(603_000), -13.193931271291773, 1e-12);
    expectRelative(binomialLaw(1e9, 0.3).logUpper(300_050_000), -8.18057474362817, 1e-12);
  });
});

describe('hypergeometric probabilities', () => {
  it('are ratios of binomial coefficients', () => {
    const law = hypergeometricLaw(8, 12, 6);
    for (const k of support(law)) {
      expectRelative(Math.exp(law.logPmf(k)), (choose(8, k) * choose(12, 6 - k)) / choose(20, 6));
    }
  });

  it('keep their digits in large tables (mpmath 1.3.0, 60 digits)', () => {
    const law = hypergeometricLaw(1_000_000, 1_001_000, 50_000);
    expectRelative(law.logPmf(25_300), -9.6292459993976987);
    expectRelative(law.logUpper(25_300), -6.0508688787817092);
    expectRelative(hypergeometricLaw(1e9, 1e9, 2e6).logUpper(1_002_000), -6.0603025427636308);
  });

  it('handles empty margins', () => {
    expect(hypergeometricLaw(5, 5, 0).logUpper(0)).toBe(0);
    expect(hypergeometricLaw(0, 0, 0).logLower(0)).toBe(0);
    expect(hypergeometricLaw(5, 0, 3).logPmf(3)).toBeCloseTo(0, 14);
  });
});

describe('discrete laws', () => {
  it('sum to one, and tails are the sums of their probabilities', () => {
    fc.assert(
      fc.property(anyLaw, fc.nat(100), (law, at) => {
        const values = support(law);
        const k = values[at % values.length] as number;
        const sum = (part: number[]): number => part.reduce((s, v) => s + Math.exp(law.logPmf(v)), 0);
        expect(sum(values)).toBeCloseTo(1, 11);
        expectRelative(Math.exp(law.logLower(k)), sum(values.filter((v) => v <= k)), 1e-10);
        expectRelative(Math.exp(law.logUpper(k)), sum(values.filter((v) => v >= k)), 1e-10);
      }),
    );
  });

  it('two-sided p is the sum over the values that are at most as likely', () => {
    fc.assert(
      fc.property(anyLaw, fc.nat(100), (law, at) => {
        const values = support(law);
        const k = values[at % values.length] as number;
        const limit = Math.exp(law.logPmf(k)) * (1 + 1e-7);
        const p = values.map((v) => Math.exp(law.logPmf(v))).filter((v) => v <= limit);
        expectRelative(
          Math.exp(minimumLikelihoodLogP(law, k)),
          p.reduce((s, v) => s + v, 0),
          1e-10,
        );
      }),
    );
  });

  it('quantiles are the first values whose tail is small enough', () => {
    fc.assert(
      fc.property(binomial, fc.double({ min: 1e-6, max: 0.999, noNaN: true }), (law, q) => {
        const low = discreteQuantile(law, q);
        expect(Math.exp(law.logLower(low))).toBeGreaterThanOrEqual(q * (1 - 1e-11));
        expect(Math.exp(law.logLower(low - 1))).toBeLessThan(q);
        const high = discreteUpperQuantile(law, q);
        expect(Math.exp(law.logUpper(high + 1))).toBeLessThanOrEqual(q * (1 + 1e-11));
        expect(Math.exp(law.logUpper(high))).toBeGreaterThan(q);
      }),
    );
  });

  it('meet a probability exactly where it is one of theirs', () => {
    expect(discreteQuantile(binomialLaw(5, 0.5), 1 / 32)).toBe(0);
    expect(discreteUpperQuantile(binomialLaw(5, 0.5), 1 / 32)).toBe(4);
  });
});

describe('beta quantiles', () => {
  it('on the logit scale keep the digits of shares next to one', () => {
    // P(X <= x) = x^1e12 has its median at 2^(-1e-12): 1 - x = 6.93e-13.
    expectRelative(Math.exp(-betaLogitQuantile(Math.log(0.5), 'lower', 1e12, 1)), Math.LN2 / 1e12, 1e-9);
  });

  it('are mirror images of each other and invert the distribution function', () => {
    const shape = fc.double({ min: 1, max: 500, noNaN: true });
    fc.assert(
      fc.property(shape, shape, fc.double({ min: 1e-6, max: 0.999, noNaN: true }), (a, b, p) => {
        const logit = betaLogitQuantile(Math.log(p), 'lower', a, b);
        expect(betaLogitQuantile(Math.log(p), 'upper', b, a)).toBeCloseTo(-logit, 9);
        expectRelative(betaCdf(betaQuantile(p, a, b), a, b), p, 1e-9);
      }),
    );
  });
});
