import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { epsilonGreedyDistribution } from '../bandits/epsilon-greedy.js';
import { compileExploration } from '../exploration/index.js';
import { probabilityBestBelief } from './belief-best.js';
import { betaBelief, gammaBelief, normalBelief, studentBelief } from './beliefs.js';
import { probabilityBestBeta } from './beta-best.js';
import { probabilityBestGamma } from './gamma-best.js';
import { probabilityBest } from './gaussian-best.js';
import { probabilityBestStudent } from './student-best.js';

const FILE = '../shared/vectors/propensity.json';

type Numbers = readonly number[];
type Case =
  | { rule: 'gaussian_ts'; mean: Numbers; sd: Numbers; p: Numbers }
  | { rule: 'beta_ts_rank'; alpha: Numbers; beta: Numbers; p_by_position: readonly Numbers[] }
  | { rule: 'epsilon_greedy_ties_shared'; reward: Numbers; epsilon: number; p: Numbers }
  | { rule: 'softmax'; score: Numbers; temperature: number; p: Numbers }
  | {
      rule: 'plackett_luce_top3';
      logit: Numbers;
      p_item_by_position: readonly Numbers[];
      p_of_ranking: Record<string, number>;
    };

function largestError(actual: Float64Array, expected: Numbers): number {
  expect(actual.length).toBe(expected.length);
  return Math.max(...expected.map((p, i) => Math.abs(p - (actual[i] as number))));
}

/** Joint probability of an order, slot by slot. */
function orderProbability(scores: Float64Array, order: Numbers): number {
  const rule = compileExploration('plackett-luce', { temperature: 1 })(scores);
  const taken = new Uint8Array(scores.length);
  const slot = new Float64Array(scores.length);
  let joint = 1;
  for (const [place, index] of order.entries()) {
    rule(taken, slot, place);
    joint *= slot[index] as number;
    taken[index] = 1;
  }
  return joint;
}

function reached(item: Case): number | null {
  switch (item.rule) {
    case 'gaussian_ts':
      return largestError(probabilityBest(Float64Array.from(item.mean), Float64Array.from(item.sd)), item.p);
    case 'beta_ts_rank': {
      const p = probabilityBestBeta(Float64Array.from(item.alpha), Float64Array.from(item.beta));
      return largestError(
        p,
        item.p_by_position.map((row) => row[0] as number),
      );
    }
    case 'epsilon_greedy_ties_shared':
      return largestError(epsilonGreedyDistribution(Float64Array.from(item.reward), item.epsilon), item.p);
    case 'softmax': {
      const scores = Float64Array.from(item.score);
      const slot = new Float64Array(scores.length);
      compileExploration('plackett-luce', { temperature: item.temperature })(scores)(
        new Uint8Array(scores.length),
        slot,
        0,
      );
      return largestError(slot, item.p);
    }
    case 'plackett_luce_top3': {
      const scores = Float64Array.from(item.logit);
      const errors = Object.entries(item.p_of_ranking).map(([key, p]) =>
        Math.abs(orderProbability(scores, key.split('-').map(Number)) - p),
      );
      return Math.max(...errors);
    }
    default:
      return null;
  }
}

const maybe = existsSync(FILE) ? describe : describe.skip;
maybe('propensities of the reference cases (optional ../shared/vectors/propensity.json)', () => {
  const cases = existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as { cases: Case[] }).cases : [];
  cases.forEach((item, index) => {
    if (reached(item) === null) return;
    it(`case ${index}: ${item.rule}`, () => {
      expect(reached(item)).toBeLessThanOrEqual(1e-8);
    });
  });
});

/** P(Beta(a1, b1) < Beta(a2, b2)) for whole a2 by the closed sum of Evan Miller (2015), in log space. */
function lessThan(a1: number, b1: number, a2: number, b2: number): number {
  // B(a1 + i, b1 + b2) / ((b2 + i) B(1 + i, b2) B(a1, b1)), by the ratio of successive terms.
  let log = 0;
  for (let k = 0; k < b2; k++) log += Math.log((b1 + k) / (a1 + b1 + k));
  let term = Math.exp(log);
  let sum = 0;
  for (let i = 0; i < a2; i++) {
    sum += term;
    term *= ((a1 + i) / (a1 + b1 + b2 + i)) * ((b2 + i) / (1 + i));
  }
  return sum;
}

describe('probability to be best, Beta posteriors', () => {
  const pairs: readonly (readonly [number, number, number, number])[] = [
    [2, 20_000, 1, 1],
    [1, 1, 2, 20_000],
    [1, 5, 1, 5_000],
    [300, 20_000, 1, 1],
    [5_000, 100_000, 26, 500],
    [0.5, 7, 3, 11],
    [0.1, 0.1, 40, 2],
    [0.1, 400, 1, 3_000],
    [100_000, 100_000, 1_000, 1_000],
  ];
  it.each(pairs)('Beta(%d, %d) against Beta(%d, %d) agrees with the closed form', (a1, b1, a2, b2) => {
    const p = probabilityBestBeta(Float64Array.of(a1, a2), Float64Array.of(b1, b2));
    expect(Math.abs((p[1] as number) - lessThan(a1, b1, a2, b2))).toBeLessThan(1e-9);
  });

  it('counts a thousand untouched actions as equals', () => {
    const alpha = new Float64Array(1000).fill(1);
    const beta = new Float64Array(1000).fill(1);
    alpha[0] = 51;
    beta[0] = 951;
    const p = probabilityBestBeta(alpha, beta);
    expect(p[1]).toBe(p[999]);
    expect(p.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
    // The best of 999 uniforms is below a Beta(51, 951) draw with probability E[X^999], below 1e-300.
    expect(Math.abs((p[1] as number) - 1 / 999)).toBeLessThan(1e-10);
  });

  it('a thousand different actions stay exact in total', () => {
    const rng = createRng('thousand');
    const alpha = Float64Array.from({ length: 1000 }, () => 1 + rng.below(50));
    const beta = Float64Array.from({ length: 1000 }, () => 10 + rng.below(900));
    const p = probabilityBestBeta(alpha, beta);
    expect(p.every((value) => value >= 0)).toBe(true);
    expect(p.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
  });
});

describe('probability to be best, Gaussian scores', () => {
  /** P(X2 > X1) = Phi(d / sqrt(s1^2 + s2^2)); reference values from the error function. */
  it.each([
    [0, 1, 0, 1, 0.5],
    [0, 1, 1, 1, 0.760249938906523],
    [0, 1, 0.1, 0.0001, 0.539827837078553],
    [0, 0.001, 1, 0.5, 0.977249652087739],
  ])('N(%d, %d) against N(%d, %d)', (m1, s1, m2, s2, expected) => {
    const p = probabilityBest(Float64Array.of(m1, m2), Float64Array.of(s1, s2));
    expect(Math.abs((p[1] as number) - expected)).toBeLessThan(1e-9);
  });

  it('treats zero deviation as certainty', () => {
    expect([...probabilityBest(Float64Array.of(1, 2, 0), new Float64Array(3))]).toEqual([0, 1, 0]);
    expect([...probabilityBest(Float64Array.of(1, 1), new Float64Array(2))]).toEqual([0.5, 0.5]);
  });

  it('agrees with simulation for deviations a thousandfold apart', () => {
    const mean = Float64Array.of(0.1, 0.12, 0.05, 0.11);
    const sd = Float64Array.of(0.0001, 0.001, 0.1, 0.02);
    const p = probabilityBest(mean, sd);
    const rng = createRng('gaussian-check');
    const draws = 200_000;
    const wins = new Float64Array(4);
    for (let n = 0; n < draws; n++) {
      let best = 0;
      let top = -Infinity;
      for (let i = 0; i < 4; i++) {
        const score = (mean[i] as number) + (sd[i] as number) * rng.normal();
        if (score > top) {
          top = score;
          best = i;
        }
      }
      wins[best] = (wins[best] as number) + 1;
    }
    for (let i = 0; i < 4; i++) {
      const q = p[i] as number;
      expect(Math.abs((wins[i] as number) / draws - q)).toBeLessThan(
        5 * Math.sqrt((q * (1 - q)) / draws) + 1e-9,
      );
    }
  });
});

describe('the probability of being best by beliefs', () => {
  const of = (...numbers: number[]) => Float64Array.from(numbers);
  const made = (
    make: (a: number, b: number) => ReturnType<typeof betaBelief>,
    a: Float64Array,
    b: Float64Array,
  ) => probabilityBestBelief(Array.from(a, (one, i) => make(one, b[i] as number))) ?? of();

  it('is that of the exact laws, whatever the ratio of deviations', () => {
    const [alpha, beta] = [of(3, 40, 5000), of(17, 160, 21_000)];
    expect(largestError(made(betaBelief, alpha, beta), [...probabilityBestBeta(alpha, beta)])).toBeLessThan(
      1e-6,
    );
    const [mean, sd] = [of(0.1, 0.11, 0.3), of(0.001, 1, 0.2)];
    expect(largestError(made(normalBelief, mean, sd), [...probabilityBest(mean, sd)])).toBeLessThan(1e-6);
    const [shape, rate] = [of(1, 30, 4), of(1, 20, 5)];
    expect(largestError(made(gammaBelief, shape, rate), [...probabilityBestGamma(shape, rate)])).toBeLessThan(
      1e-6,
    );
    const student = [of(10, 12, 11), of(1, 3, 0.2), of(2, 3, 50)] as const;
    const beliefs = Array.from(student[0], (at, i) =>
      studentBelief(at, student[1][i] as number, student[2][i] as number),
    );
    expect(
      largestError(probabilityBestBelief(beliefs) ?? of(), [...probabilityBestStudent(...student)]),
    ).toBeLessThan(1e-5);
  });

  it('says nothing where a belief has no deviation', () => {
    expect(probabilityBestBelief([normalBelief(1, 0), normalBelief(2, 1)])).toBeNull();
  });
});
