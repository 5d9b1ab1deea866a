import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createRng } from '#experiments';
import { normalSf } from './distributions/index.js';
import { adjustPValues } from './multiplicity.js';
import type { MultiplicityMethod } from './multiplicity.js';

/** R 4.2.2: p.adjust(c(0.01, 0.04, 0.03, 0.005, 0.55, 0.6), method). */
const P = [0.01, 0.04, 0.03, 0.005, 0.55, 0.6];
const GOLDEN: Record<Exclude<MultiplicityMethod, 'sidak' | 'holm_sidak'>, number[]> = {
  holm: [0.05, 0.12, 0.12, 0.03, 1, 1],
  hochberg: [0.05, 0.12, 0.12, 0.03, 0.6, 0.6],
  hommel: [0.05, 0.12, 0.09, 0.03, 0.6, 0.6],
  bonferroni: [0.06, 0.24, 0.18, 0.03, 1, 1],
  fdr_bh: [0.03, 0.06, 0.06, 0.03, 0.6, 0.6],
  fdr_by: [0.0735, 0.147, 0.147, 0.0735, 1, 1],
};

describe('adjustPValues', () => {
  it.each(Object.entries(GOLDEN))('%s agrees with p.adjust of R', (method, want) => {
    const got = adjustPValues(P, method as MultiplicityMethod);
    got.forEach((p, i) => expect(p).toBeCloseTo(want[i] as number, 12));
  });

  it('skips what has no p-value and keeps tiny ones', () => {
    expect(adjustPValues([0.01, null, 0.04], 'holm')).toEqual([0.02, null, 0.04]);
    expect(adjustPValues([1e-300, 0.5], 'sidak')[0]).toBeCloseTo(2e-300, 310);
    expect(adjustPValues([], 'hommel')).toEqual([]);
    expect(adjustPValues([null], 'fdr_bh')).toEqual([null]);
  });

  it('never makes a p-value smaller, or changes their order', () => {
    const methods = [...Object.keys(GOLDEN), 'sidak', 'holm_sidak'] as MultiplicityMethod[];
    fc.assert(
      fc.property(
        fc.array(
          fc.integer({ min: 0, max: 1000 }).map((p) => p / 1000),
          { minLength: 1, maxLength: 12 },
        ),
        fc.constantFrom(...methods),
        (ps, method) => {
          const adjusted = adjustPValues(ps, method) as number[];
          adjusted.forEach((p, i) => expect(p).toBeGreaterThanOrEqual((ps[i] as number) - 1e-12));
          for (let i = 0; i < ps.length; i++) {
            for (let j = 0; j < ps.length; j++) {
              if ((ps[i] as number) < (ps[j] as number))
                expect(adjusted[i]).toBeLessThanOrEqual((adjusted[j] as number) + 1e-12);
            }
          }
        },
      ),
      { numRuns: 200, seed: 1 },
    );
  });

  it('keeps the family-wise error (Holm) and the false discovery rate (Benjamini-Hochberg)', () => {
    const rng = createRng('families');
    const runs = 5000;
    let anyFalse = 0;
    let discoveries = 0;
    for (let run = 0; run < runs; run++) {
      // 15 true nulls and 5 effects of 3 standard errors.
      const ps = Array.from({ length: 20 }, (_, i) =>
        Math.min(1, 2 * normalSf(Math.abs(rng.normal() + (i < 15 ? 0 : 3)))),
      );
      const holm = adjustPValues(ps, 'holm') as number[];
      const bh = adjustPValues(ps, 'fdr_bh') as number[];
      if (holm.slice(0, 15).some((p) => p < 0.05)) anyFalse++;
      const found = bh.filter((p) => p < 0.05).length;
      if (found > 0) discoveries += bh.slice(0, 15).filter((p) => p < 0.05).length / found;
    }
    // Upper 99.9 % limit of 5 % in 5,000 runs; the rate of false discoveries is 15/20 of 5 %.
    expect(anyFalse / runs).toBeLessThanOrEqual(0.061);
    expect(Math.abs(discoveries / runs - 0.0375)).toBeLessThan(0.0075);
  });
});
