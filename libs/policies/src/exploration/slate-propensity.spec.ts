import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { compileExploration } from '../index.js';
import { plackettLuceMarginals } from './plackett-luce-marginals.js';
import { marginalPropensity, orderPropensity, withFloor } from './slate-propensity.js';

const FILE = '../shared/vectors/propensity.json';
const rule = (scores: Float64Array, temperature = 1) =>
  compileExploration('plackett-luce', { temperature })(scores);
const worst = (a: readonly Float64Array[], b: readonly Float64Array[]): number =>
  Math.max(
    ...a.flatMap((row, k) => [...row].map((p, i) => Math.abs(p - ((b[k] as Float64Array)[i] as number)))),
  );

describe('propensities of a slate', () => {
  it('multiplies the conditional probabilities of an order', () => {
    // Weights 1, 2, 3: 3/6, then 1/3, then 1.
    const { conditional, prefix } = orderPropensity(
      rule(Float64Array.from([1, 2, 3], Math.log)),
      3,
      [2, 0, 1],
    );
    expect([...conditional]).toEqual([0.5, expect.closeTo(1 / 3, 12), 1]);
    expect([...prefix]).toEqual([0.5, expect.closeTo(1 / 6, 12), expect.closeTo(1 / 6, 12)]);
    expect(() => orderPropensity(rule(new Float64Array(3)), 3, [1, 1])).toThrow(/left/);
    expect(() => orderPropensity(rule(new Float64Array(3)), 3, [7])).toThrow(/left/);
  });

  it('finds marginals by subsets and by quadrature that agree with the sum over all orders', () => {
    const weights = [1, 2, 3];
    // P(i second) = sum over first j of w_j / 6 * w_i / (6 - w_j).
    const second = weights.map((w, i) =>
      weights.reduce((sum, v, j) => (i === j ? sum : sum + ((v / 6) * w) / (6 - v)), 0),
    );
    const scores = Float64Array.from(weights, Math.log);
    for (const found of [marginalPropensity(rule(scores), 3, 2), plackettLuceMarginals(scores, 1, 2)]) {
      second.forEach((p, i) => expect(found.bySlot[1]?.[i]).toBeCloseTo(p, 9));
    }
  });

  it.each([0.05, 0.3, 1, 10])('agrees between both exact ways at temperature %d', (temperature) => {
    const scores = Float64Array.from({ length: 10 }, (_, i) => Math.sin(3 * i));
    const subsets = marginalPropensity(rule(scores, temperature), 10, 6);
    const quadrature = plackettLuceMarginals(scores, temperature, 6);
    expect([subsets.method, quadrature.method]).toEqual(['subsets', 'quadrature']);
    expect(worst(subsets.bySlot, quadrature.bySlot)).toBeLessThan(1e-9);
    for (const row of quadrature.bySlot) expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);
  });

  it('states the error of Monte Carlo, keeps it, and never gives 0 to what can happen', () => {
    const scores = Float64Array.from({ length: 60 }, (_, i) => Math.cos(i));
    const sampled = marginalPropensity(rule(scores), 60, 5);
    const exact = plackettLuceMarginals(scores, 1, 5);
    expect(sampled).toMatchObject({ method: 'monte-carlo', draws: 2000 });
    expect(worst(sampled.bySlot, exact.bySlot)).toBeLessThan(5 * sampled.standardError);
    expect(sampled.standardError).toBeLessThan(0.001);
    expect(Math.min(...sampled.bySlot.flatMap((row) => [...row]))).toBeGreaterThan(0);
    const floored = marginalPropensity(withFloor(rule(Float64Array.of(0, 50, 90)), 0.1), 3, 1);
    expect([...(floored.bySlot[0] as Float64Array)].map((p) => Number(p.toFixed(9)))).toEqual([
      0.1, 0.1, 0.8,
    ]);
  });
});

const maybe = existsSync(FILE) ? describe : describe.skip;
maybe('marginals of the reference cases (optional ../shared/vectors/propensity.json)', () => {
  it('equal them', () => {
    const { cases } = JSON.parse(readFileSync(FILE, 'utf8')) as {
      cases: { rule: string; logit?: number[]; p_item_by_position?: number[][] }[];
    };
    const found = cases.filter((one) => one.rule === 'plackett_luce_top3');
    expect(found.length).toBeGreaterThan(0);
    for (const { logit, p_item_by_position: expected } of found) {
      const { bySlot } = plackettLuceMarginals(Float64Array.from(logit as number[]), 1, 3);
      const byItem = (expected as number[][]).length === 3 && (logit as number[]).length !== 3;
      (expected as number[][]).forEach((row, a) =>
        row
          .slice(0, byItem ? undefined : 3)
          .forEach((p, b) => expect(byItem ? bySlot[a]?.[b] : bySlot[b]?.[a]).toBeCloseTo(p, 8)),
      );
    }
  });
});
