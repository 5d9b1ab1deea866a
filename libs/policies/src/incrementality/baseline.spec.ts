import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { WithheldSums } from './baseline.js';
import { withheldBaselines } from './baseline.js';

const sums = (path: readonly string[], outcomes: readonly number[]): WithheldSums => ({
  path,
  decisions: outcomes.length,
  sum: outcomes.reduce((sum, one) => sum + one, 0),
  squares: outcomes.reduce((sum, one) => sum + one * one, 0),
});
const ones = (n: number, of: number): number[] => Array.from({ length: of }, (_, i) => (i < n ? 1 : 0));

describe('baselines of withheld decisions', () => {
  it('are unknown while nothing was withheld', () => {
    expect(withheldBaselines([])(['a'])).toBeNull();
  });

  it('are drawn to the mean of all by within- over between-variance (analysis of variance by hand)', () => {
    // Groups of 4: means 1/4 and 3/4. Within: (3/4 + 3/4) / 6 = 1/4. Between: 4 (1/16 + 1/16) = 1/2; n0 = 8 - 32/8 = 4;
    // spread (1/2 - 1/4) / 4 = 1/16, so the mean of all is worth 4 decisions: half way.
    const baseline = withheldBaselines([sums(['a'], ones(1, 4)), sums(['b'], ones(3, 4))]);
    expect(baseline(['a'])?.mean).toBeCloseTo(0.375, 12);
    expect(baseline(['b'])).toMatchObject({ decisions: 4 });
    // (1/2)^2 (1/4) / 8 + (1/16) (1/2)
    expect(baseline(['b'])?.variance).toBeCloseTo(1 / 128 + 1 / 32, 12);
    // Never withheld: the mean of all, as uncertain as the groups differ.
    expect(baseline(['c'])).toMatchObject({ mean: 0.5, decisions: 0 });
    expect(baseline(['c'])?.variance).toBeCloseTo(1 / 32 + 1 / 16, 12);
  });

  it('are pooled where groups do not differ more than chance, and stand alone where there is no chance', () => {
    const alike = withheldBaselines([sums(['a'], ones(2, 6)), sums(['b'], ones(1, 3))]);
    expect(alike(['b'])?.mean).toBeCloseTo(1 / 3, 12);
    const certain = withheldBaselines([sums(['a'], [0, 0, 0]), sums(['b'], [1, 1])]);
    expect(certain(['a'])).toMatchObject({ mean: 0, variance: 0 });
    expect(certain(['b'])).toMatchObject({ mean: 1, variance: 0 });
    expect(certain(['c'])?.variance).toBeNull();
  });

  it('of few decisions lean on their action, then their subject', () => {
    const baseline = withheldBaselines([
      sums(['s', 'x', 'tv'], ones(40, 50)),
      sums(['s', 'x', 'phone'], ones(60, 200)),
      sums(['s', 'y', 'tv'], ones(10, 100)),
      sums(['t', 'z', 'tv'], ones(2, 100)),
    ]);
    const at = (...path: string[]): number => baseline(path)?.mean ?? NaN;
    expect(at('s', 'x', 'tv')).toBeGreaterThan(0.7);
    expect(at('s', 'x', 'phone')).toBeCloseTo(0.3, 1);
    // Unknown segment of x: about the mean of x (0.4), which y and t are not.
    expect(at('s', 'x', 'web')).toBeGreaterThan(0.33);
    expect(at('s', 'w', 'tv')).toBeLessThan(at('s', 'x', 'web'));
    expect(at('t', 'z', 'web')).toBeLessThan(0.06);
  });

  it('say how far off they are: 95 % of true means within two standard errors (simulation)', () => {
    const rng = createRng('baselines');
    let [inside, all] = [0, 0];
    for (let world = 0; world < 60; world++) {
      const truths = Array.from({ length: 12 }, () => 0.1 + 0.5 * rng.uniform());
      const groups = truths.map((p, i) =>
        sums(
          [`t${i}`],
          Array.from({ length: 5 + i * 6 }, () => (rng.uniform() < p ? 1 : 0)),
        ),
      );
      const baseline = withheldBaselines(groups);
      truths.forEach((truth, i) => {
        const one = baseline([`t${i}`]);
        if (one === null || one.variance === null) return;
        all += 1;
        if (Math.abs(one.mean - truth) < 1.96 * Math.sqrt(one.variance)) inside += 1;
      });
    }
    expect(inside / all).toBeGreaterThan(0.92);
    expect(inside / all).toBeLessThan(0.98);
  });
});
