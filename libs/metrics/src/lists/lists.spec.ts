import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import {
  ListTally,
  compareGroups,
  coverageOf,
  divergenceOf,
  entropyOf,
  giniOf,
  intraListDistance,
  mixDrift,
  overlapOf,
} from './index.js';

describe('figures of lists', () => {
  it('concentration by its definitions', () => {
    expect(giniOf([5, 5, 5, 5])).toBeCloseTo(0, 12);
    expect(giniOf([0, 0, 0, 8])).toBeCloseTo(3 / 4, 12);
    // Half the mean absolute difference over the mean: (1 + 2 + 3 + 1 + 2 + 1) * 2 / 16 / (2 * 2.5).
    expect(giniOf([4, 1, 3, 2])).toBeCloseTo(20 / 16 / 5, 12);
    expect(giniOf([0, 0])).toBeNull();
    expect(coverageOf([0, 2, 1, 0])).toBe(0.5);
    expect(coverageOf([])).toBeNull();
  });

  it('mixes: entropy, divergence, distance', () => {
    const mix = (shares: Record<string, number>) => new Map(Object.entries(shares));
    expect(entropyOf(mix({ a: 1, b: 1, c: 2 }))).toBeCloseTo(1.5, 12);
    expect(entropyOf(mix({ a: 3 }))).toBe(0);
    expect(entropyOf(mix({}))).toBeNull();
    expect(divergenceOf(mix({ a: 1 }), mix({ b: 7 }))).toBeCloseTo(1, 12);
    expect(divergenceOf(mix({ a: 1, b: 1 }), mix({ a: 4, b: 4 }))).toBeCloseTo(0, 12);
    // H(3/4, 1/4) - (H(1, 0) + H(1/2, 1/2)) / 2 = 0.811278... - 0.5.
    expect(divergenceOf(mix({ a: 1 }), mix({ a: 1, b: 1 }))).toBeCloseTo(0.811278124459 - 0.5, 10);
    const sets = [new Set(['a', 'b']), new Set(['b']), new Set<string>(), new Set<string>()];
    // (a b | b) 1/2, five other pairs at distance 1, the two empty ones among them.
    expect(intraListDistance(sets)).toBeCloseTo((0.5 + 5) / 6, 12);
    expect(intraListDistance([new Set(['a'])])).toBeNull();
  });

  it('overlap is the mean over pairs of members, without looking at pairs', () => {
    const shown = [
      [0, 1, 2],
      [1, 2, 3],
      [2, 3, 4],
      [4, 5, 6],
    ];
    let [common, pairs] = [0, 0];
    shown.forEach((a, i) =>
      shown.slice(0, i).forEach((b) => {
        pairs++;
        common += a.filter((title) => b.includes(title)).length;
      }),
    );
    const membersOf = Array.from({ length: 7 }, (_, t) => shown.filter((list) => list.includes(t)).length);
    expect(overlapOf(membersOf, 4)).toBeCloseTo(common / pairs / 3, 12);
    expect(overlapOf([1, 1], 1)).toBeNull();
  });

  it('tallies lists, and sees mixes narrow', () => {
    const titles = {
      values: [['drama'], ['comedy'], ['drama', 'comedy'], [], ['horror']],
      known: [9, 3, 0, 1, 0],
      members: 9,
    };
    const tally = new ListTally(titles);
    const lists = [
      { member: 'u', at: 1, titles: [0, 1] },
      { member: 'u', at: 9, titles: [0, 0] },
      { member: 'v', at: 1, titles: [1, 2] },
      { member: 'v', at: 9, titles: [1, 1] },
    ];
    for (const list of lists) tally.add(list);
    const figures = tally.figures();
    expect(figures).toMatchObject({ lists: 4, members: 2, titles: 5, coverage: 3 / 5 });
    expect(figures.entropy).toBeCloseTo((1 + 0 + (-0.75 * Math.log2(0.75) + 0.25 * 2) + 0) / 4, 12);
    const surprise = (known: number) => -Math.log2((known + 0.5) / 10);
    expect(figures.novelty).toBeCloseTo(
      ((surprise(9) + surprise(3)) / 2 + surprise(9) + (surprise(3) + surprise(0)) / 2 + surprise(3)) / 4,
      12,
    );
    // u saw 0 1, v saw 1 2: one of two in common.
    expect(figures.overlap).toBeCloseTo(0.5, 12);
    const drift = mixDrift(lists, titles.values, 5, 2);
    expect(drift.members).toBe(2);
    expect(drift.entropyChange).toBeCloseTo(-(1 + 0.811278124459) / 2, 10);
    expect(drift.standardError).toBeCloseTo((1 - 0.811278124459) / 2, 10);
    expect(mixDrift(lists, titles.values, 5, 3)).toEqual({
      members: 0,
      divergence: null,
      entropyChange: null,
      standardError: null,
    });
  });
});

describe('groups compared', () => {
  const options = { level: 0.95, leastMembers: 3, threshold: 0.8 };
  const group = (name: string, reward: readonly number[], shown = reward.map(() => 10)) => ({
    group: name,
    exposure: shown.reduce((sum, one) => sum + one, 0),
    shown,
    reward,
  });

  it('takes members as clusters, and says how sure the ratio is', () => {
    const { groups, ratio } = compareGroups(
      [group('a', [5, 6, 4, 5]), group('b', [1, 2, 1, 2])],
      100,
      options,
    );
    expect(groups[0]).toMatchObject({ group: 'a', members: 4, shown: 40, exposureShare: 0.4, reward: 0.5 });
    // Equal numbers per member: the variance is that of the mean of .5 .6 .4 .5, sd^2 = .02 / 3.
    const half = 1.959963984540054 * Math.sqrt(0.02 / 3 / 4);
    expect(groups[0]?.lower).toBeCloseTo(0.5 - half, 9);
    expect(groups[0]?.upper).toBeCloseTo(0.5 + half, 9);
    expect(ratio).toMatchObject({ worst: 'b', best: 'a', state: 'alarm' });
    expect(ratio?.ratio).toBeCloseTo(0.3, 12);
    const spread = 1.959963984540054 * Math.sqrt(0.02 / 3 / 4 / 0.25 + 0.01 / 3 / 4 / 0.0225);
    expect(ratio?.upper).toBeCloseTo(0.3 * Math.exp(spread), 9);
  });

  it('watches what is not sure, and gives a reason where there is nothing to compare', () => {
    const unsure = compareGroups([group('a', [5, 0, 9]), group('b', [0, 7, 2])], 60, options).ratio;
    expect(unsure).toMatchObject({ state: 'watch', worst: 'b' });
    expect(compareGroups([group('a', [1, 1, 1]), group('b', [1])], 40, options)).toMatchObject({
      ratio: null,
      reason: 'too_few_groups',
      groups: [{}, { lower: null, upper: null, reward: 0.1 }],
    });
    expect(compareGroups([group('a', [0, 0, 0]), group('b', [0, 0, 0])], 60, options).reason).toBe(
      'no_reward',
    );
    const rare = compareGroups([group('a', [0, 0, 0]), group('b', [9, 0, 0])], 60, options).ratio;
    expect(rare).toMatchObject({ ratio: 0, upper: null, state: 'watch' });
  });

  it('sounds the alarm for a group that gets nothing, and not because one of many pairs is far apart', () => {
    // Variance of .3 .3 .4 over 3: 1/900. Of r = .02, nothing is z (r / 900 + r^2 / 900)^.5 away.
    const nothing = compareGroups([group('a', [0, 0, 0]), group('b', [3, 3, 4])], 60, options).ratio;
    const z2 = 1.959963984540054 ** 2 / 900;
    expect(nothing).toMatchObject({ ratio: 0, lower: 0, state: 'alarm' });
    expect(nothing?.upper).toBeCloseTo(z2 / (1 / 9 - z2), 9);
    // Forty groups of equal reward, many times over: the furthest pair alone would be sure far too often.
    const rng = createRng('groups');
    let alarms = 0;
    const runs = 200;
    for (let run = 0; run < runs; run++) {
      const alike = Array.from({ length: 40 }, (_, g) =>
        group(
          `g${g}`,
          Array.from({ length: 40 }, () => 5 + rng.normal()),
        ),
      );
      const { ratio } = compareGroups(alike, 1, { ...options, threshold: 0.999 });
      alarms += Number(ratio?.state === 'alarm');
    }
    expect(alarms / runs).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs));
  });
});
