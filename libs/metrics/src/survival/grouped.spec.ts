import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Outcome } from '../inference/outcome.js';
import { efronTerms } from './efron-sum.js';
import {
  coxRegression,
  kaplanMeier,
  logRankTest,
  medianSurvival,
  proportionalityCheck,
  restrictedMeanDifference,
  supportedTime,
  survivalDifferenceAt,
} from './index.js';
import type { FollowUp } from './index.js';

function okay<T>(outcome: Outcome<T>): T {
  if (outcome.status !== 'ok') throw new Error(outcome.reason);
  return outcome;
}

interface Sample {
  readonly follow: FollowUp;
  readonly arm: readonly number[];
}

/** Whole days of n units in two arms; the hazard of arm 1 is `effect` times that of arm 0, from `since` on. */
function simulated(name: string, n: number, effect: number, since = 0): Sample {
  const rng = createRng(name);
  const arm = Array.from({ length: n }, (_, i) => i % 2);
  const time: number[] = [];
  const event: number[] = [];
  for (const one of arm) {
    const last = 1 + rng.below(40);
    let day = 1;
    const hazard = (d: number): number => 0.03 * (one === 1 && d > since ? effect : 1);
    while (day <= last && rng.uniform() >= hazard(day)) day++;
    time.push(Math.min(day, last));
    event.push(day <= last ? 1 : 0);
  }
  return { follow: { time, event }, arm };
}

/** The same units as entries with counts, in no particular order, with an entry that stands for nobody. */
function grouped({ follow, arm }: Sample): Sample {
  const cells = new Map<string, number>();
  arm.forEach((one, i) => {
    const key = `${follow.time[i]}/${follow.event[i]}/${one}`;
    cells.set(key, (cells.get(key) ?? 0) + 1);
  });
  const entries = [...cells].map(([key, n]) => [...key.split('/').map(Number), n]);
  const column = (at: number, nobody: number): number[] => [...entries.map((e) => e[at] as number), nobody];
  return {
    follow: { time: column(0, 99), event: column(1, 1), count: column(3, 0) },
    arm: column(2, 0),
  };
}

/** Every number of two results is the same but for rounding. */
function expectSame(got: unknown, want: unknown): void {
  if (typeof want === 'number') {
    expect(Math.abs((got as number) - want)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(want)));
  } else if (want !== null && typeof want === 'object') {
    expect(Object.keys(got as object)).toEqual(Object.keys(want));
    for (const [key, value] of Object.entries(want)) expectSame((got as Record<string, unknown>)[key], value);
  } else expect(got).toEqual(want);
}

describe('units counted by day', () => {
  const units = simulated('grouped', 3000, 0.6);
  const counted = grouped(units);

  it('are some hundred entries that stand for all units', () => {
    expect(counted.arm.length).toBeLessThan(170);
    expect(okay(kaplanMeier(counted.follow)).curve.units).toBe(3000);
  });

  it.each([
    ['Kaplan-Meier', (s: Sample) => kaplanMeier(s.follow, (i) => s.arm[i] === 1)],
    ['median', (s: Sample) => medianSurvival(okay(kaplanMeier(s.follow)).curve, 0.05)],
    ['log-rank test', (s: Sample) => logRankTest(s.follow, s.arm)],
    ['Peto-Peto test', (s: Sample) => logRankTest(s.follow, s.arm, { rho: 1 })],
    ['Cox regression, Efron', (s: Sample) => coxRegression(s.follow, s.arm, { alpha: 0.05 })],
    ['Cox, Breslow', (s: Sample) => coxRegression(s.follow, s.arm, { alpha: 0.05, ties: 'breslow' })],
    ['restricted mean', (s: Sample) => restrictedMeanDifference(s.follow, s.arm, 30, 0.05)],
    ['difference at a time', (s: Sample) => survivalDifferenceAt(s.follow, s.arm, 20, 0.05)],
    ['proportionality', (s: Sample) => proportionalityCheck(s.follow, s.arm, 0.05)],
    ['supported time', (s: Sample) => supportedTime(s.follow, 10)],
  ] as const)('give the %s of the units themselves', (_, compute) => {
    const want = compute(units);
    expect(Object(want)).not.toMatchObject({ status: 'undefined' });
    expectSame(compute(counted), want);
  });

  it('are refused where a count is not a whole number of units', () => {
    for (const count of [[-1], [0.5], [NaN], []]) {
      expect(kaplanMeier({ time: [1], event: [1], count })).toMatchObject({ reason: 'invalid_input' });
    }
  });

  it('do not count entries without units as an arm or an event', () => {
    const nobody = { time: [1, 2, 3], event: [1, 1, 0], count: [5, 0, 5] };
    expect(logRankTest(nobody, [0, 1, 0])).toMatchObject({ reason: 'insufficient_units' });
    expect(coxRegression(nobody, [0, 1, 0], { alpha: 0.05 })).toMatchObject({ reason: 'insufficient_units' });
    const noEvent = { time: [1, 2, 3], event: [1, 0, 0], count: [0, 5, 5] };
    expect(logRankTest(noEvent, [0, 1, 0])).toMatchObject({ reason: 'no_events' });
  });
});

describe('the ties of thousands of events', () => {
  // What Cox's likelihood, score and information sum over the risk set of which a fraction of the failing has left.
  const summands: readonly ((x: number) => number)[] = [
    Math.log,
    (rest) => 1 / rest,
    (rest) => (0.7 - 0.2 * (1 - rest)) / rest ** 2,
  ];

  it.each([0.001, 0.2, 0.5, 0.7, 1])('are summed as one by one where %d of the risk set fails', (share) => {
    for (const events of [1, 511, 512, 3000, 100_000]) {
      const terms = efronTerms(events, share);
      if (events >= 512 && share <= 0.5) expect(terms.length).toBe(20);
      for (const f of summands) {
        let plain = 0;
        for (let l = 0; l < events; l++) plain += f(1 - (share * l) / events);
        const sum = terms.reduce((all, { fraction, times }) => all + times * f(1 - share * fraction), 0);
        expect(Math.abs(sum - plain)).toBeLessThanOrEqual(1e-11 * Math.max(1, Math.abs(plain)));
      }
    }
  });
});

describe('the last time that a group supports', () => {
  it('is the largest with so many units still there', () => {
    const follow = { time: [3, 5, 5, 9, 12], event: [1, 0, 1, 0, 0] };
    expect([1, 2, 3, 4, 5, 6].map((n) => supportedTime(follow, n))).toEqual([12, 9, 5, 5, 3, null]);
  });
});

describe('proportional hazards', () => {
  it('are doubted where the treatment works late only', () => {
    const late = simulated('late', 6000, 0.3, 10);
    const { pValue, early, splitTime, late: after } = okay(proportionalityCheck(late.follow, late.arm, 0.05));
    expect(splitTime).toBeGreaterThan(5);
    expect(early.hazardRatio).toBeGreaterThan(0.8);
    expect(after.hazardRatio).toBeLessThan(0.5);
    expect(pValue).toBeLessThan(0.001);
  });

  it('hold in about 95 of 100 experiments in which they hold', () => {
    let doubted = 0;
    for (let i = 0; i < 400; i++) {
      const { follow, arm } = grouped(simulated(`ph-${i}`, 500, 0.7));
      if (okay(proportionalityCheck(follow, arm, 0.05)).pValue < 0.05) doubted++;
    }
    // Binomial(400, 0.05): 99.9 % lie within 7 and 36.
    expect(doubted).toBeGreaterThanOrEqual(7);
    expect(doubted).toBeLessThanOrEqual(36);
  });

  it('say why they cannot be judged', () => {
    const few = { time: [1, 2, 3, 4], event: [1, 1, 0, 0] };
    expect(proportionalityCheck(few, [0, 1, 0, 1], 0.05)).toMatchObject({ status: 'undefined' });
    expect(proportionalityCheck({ time: [1], event: [0] }, [0], 0.05)).toMatchObject({ reason: 'no_events' });
    expect(proportionalityCheck(few, [0], 0.05)).toMatchObject({ reason: 'invalid_input' });
  });
});
