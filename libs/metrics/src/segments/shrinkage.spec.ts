import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { SegmentEffect } from './heterogeneity.js';
import { shrinkSegments } from './shrinkage.js';
import type { SegmentShrinkage } from './shrinkage.js';

const of = (...pairs: [effect: number, standardError: number][]): SegmentEffect[] =>
  pairs.map(([effect, standardError]) => ({ effect, standardError }));

function valueOf(effects: readonly SegmentEffect[], alpha = 0.05): SegmentShrinkage {
  const made = shrinkSegments(effects, alpha);
  if (!made.ok) throw new Error(made.reason);
  return made.value;
}

describe('shrinkSegments', () => {
  it('is the closed form for equal errors, where Paule-Mandel is DerSimonian-Laird', () => {
    const raws = [1, 2, 4, 5, 1, 2, 4, 5];
    const { mean, meanStandardError, tau2, segments } = valueOf(
      raws.map((effect) => ({ effect, standardError: 0.5 })),
    );
    // The variance of the effects is 20/7; less 0.25: tau2 = 73/28, and w = tau2 / (20/7) = 73/80.
    expect([mean, tau2]).toEqual([expect.closeTo(3, 12), expect.closeTo(73 / 28, 9)]);
    expect(meanStandardError).toBeCloseTo(Math.sqrt(20 / 7 / 8), 9);
    const pulled = 7 / 80;
    segments.forEach((one, i) => {
      expect(one.weight).toBeCloseTo(0.9125, 9);
      expect(one.effect).toBeCloseTo(3 + 0.9125 * ((raws[i] as number) - 3), 9);
      // g1 = w s^2; g2 = (1 - w)^2 (20/7) / 8; V(tau2) = 2 (20/7)^2 / 8, so 2 g3 = (1 - w)^2 (20/7) / 2.
      const variance = 0.9125 * 0.25 + pulled ** 2 * (20 / 56 + 20 / 14);
      expect(one.standardError ** 2).toBeCloseTo(variance, 9);
      expect(one.upper - one.effect).toBeCloseTo(1.959963984540054 * one.standardError, 9);
    });
  });

  it('solves Paule and Mandel’s equation for unequal errors, and keeps more of what is known better', () => {
    const effects = of([0.1, 0.02], [0.4, 0.2], [-0.2, 0.1], [0.25, 0.05], [0.05, 0.01]);
    const { mean, tau2, segments } = valueOf(effects);
    const weights = effects.map(({ standardError }) => 1 / (standardError ** 2 + tau2));
    const total = weights.reduce((a, b) => a + b, 0);
    const middle = effects.reduce((sum, { effect }, i) => sum + effect * (weights[i] ?? 0), 0) / total;
    expect(mean).toBeCloseTo(middle, 12);
    const q = effects.reduce((sum, { effect }, i) => sum + (weights[i] ?? 0) * (effect - middle) ** 2, 0);
    expect(q).toBeCloseTo(4, 6);
    const ranked = segments.map(({ weight }, i) => ({ weight, error: effects[i]?.standardError ?? 0 }));
    ranked.sort((a, b) => a.error - b.error);
    expect(ranked.map(({ weight }) => weight)).toEqual(
      [...ranked].map(({ weight }) => weight).sort((a, b) => b - a),
    );
    segments.forEach((one, i) =>
      expect(one.standardError).toBeLessThanOrEqual(effects[i]?.standardError ?? 0),
    );
  });

  it('gives every segment the pooled mean where chance explains all differences', () => {
    const { tau2, mean, segments } = valueOf(of([1, 1], [1.2, 2], [0.9, 1]));
    // Inverse variances 1, 1/4, 1.
    expect(mean).toBeCloseTo((1 + 0.3 + 0.9) / 2.25, 12);
    expect([tau2, ...segments.map(({ effect }) => effect)]).toEqual([0, mean, mean, mean]);
  });

  it('says why there is none', () => {
    expect(shrinkSegments(of([1, 1], [2, 1]), 0.05)).toMatchObject({ reason: 'insufficient_units' });
    expect(shrinkSegments(of([1, 1], [2, 0], [2, 1]), 0.05)).toMatchObject({ reason: 'zero_variance' });
    expect(shrinkSegments(of([1, 1], [2, NaN], [2, 1]), 0.05)).toMatchObject({ reason: 'not_finite' });
    expect(shrinkSegments(of([1, 1], [2, 1], [2, 1]), 0)).toMatchObject({ reason: 'invalid_alpha' });
  });

  // Standard errors from 0.5 to 2, true effects around 0.7. Intervals miss more often than they say where true effects
  // differ by about as much as one error, and few segments tell how much: docs/explanation/statistics.md says so.
  it.each([
    { k: 3, tau: 1, gain: 0.4, misses: 0.115 },
    { k: 8, tau: 0, gain: 0.8, misses: 0.02 },
    { k: 8, tau: 0.5, gain: 0.7, misses: 0.055 },
    { k: 8, tau: 1, gain: 0.4, misses: 0.09 },
    { k: 8, tau: 4, gain: 0.05, misses: 0.065 },
  ])('has lower squared error than raw effects: $k segments, tau $tau', ({ k, tau, gain, misses }) => {
    const rng = createRng(`shrink ${k} ${tau}`);
    const runs = 1500;
    let [raw, shrunken, missed] = [0, 0, 0];
    for (let run = 0; run < runs; run++) {
      const truths = Array.from({ length: k }, () => 0.7 + tau * rng.normal());
      const effects = truths.map((truth, i) => {
        const standardError = 0.5 + (1.5 * i) / (k - 1);
        return { effect: truth + standardError * rng.normal(), standardError };
      });
      valueOf(effects).segments.forEach((one, i) => {
        const truth = truths[i] as number;
        raw += ((effects[i]?.effect ?? NaN) - truth) ** 2;
        shrunken += (one.effect - truth) ** 2;
        if (truth < one.lower || truth > one.upper) missed++;
      });
    }
    expect(1 - shrunken / raw).toBeGreaterThan(gain);
    expect(missed / (runs * k)).toBeLessThan(misses);
  });
});
