import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Context } from '#experiments';
import type { TrainingSet } from '../contract.js';
import { requestOf } from '../testing/worlds.js';
import { hybrid } from './hybrid.js';
import { rehearse } from './hybrid/cases.js';
import { GATES, knownOfTitle, parameterCount, terms } from './hybrid/gates.js';
import { learnBlend, startingWeights } from './hybrid/learn.js';
import type { BlendCase } from './hybrid/learn.js';

/** Cases drawn from a blend of known weights: two parts, of which only one speaks the truth about new titles. */
function drawnCases(count: number, weights: Float64Array): BlendCase[] {
  const rng = createRng('blend');
  return Array.from({ length: count }, () => {
    const member = rng.uniform();
    const titles = Float64Array.from({ length: 12 }, () => (rng.uniform() < 0.4 ? 0 : rng.uniform()));
    const opinions = Float64Array.from({ length: 24 }, () => rng.normal());
    const row = new Float64Array(weights.length);
    const scores = titles.map((title, i) => {
      terms(opinions.subarray(2 * i, 2 * i + 2), member, title, row);
      return Math.exp(row.reduce((sum, value, a) => sum + value * (weights[a] as number), 0));
    });
    let left = rng.uniform() * scores.reduce((sum, value) => sum + value, 0);
    const target = scores.findIndex((value) => (left -= value) < 0);
    return { member, titles, opinions, targets: [target < 0 ? 11 : target] };
  });
}

describe('the learned blend', () => {
  it('finds the weights that the answers were drawn from', () => {
    const truth = Float64Array.of(1, 0.5, -0.9, 0, 0.2, 0, 1.5, -0.5, -0.7, 0.8);
    const found = learnBlend(drawnCases(6000, truth), 2, 1e-3);
    found.forEach((value, a) => expect(Math.abs(value - (truth[a] as number))).toBeLessThan(0.25));
  });

  it('stays with equal weights when there is little to learn from', () => {
    const start = startingWeights(2);
    expect(start.length).toBe(parameterCount(2));
    const found = learnBlend(drawnCases(1, start), 2, 1e4);
    found.forEach((value, a) => expect(value).toBeCloseTo(start[a] as number, 3));
    expect(start[0]).toBe(0.5);
    expect(start[GATES]).toBe(0.5);
  });

  it('tells popular titles from rare ones, and from those that nobody has watched', () => {
    const catalogue = { popularity: Float64Array.of(1, 0.01, 0) };
    const [popular, rare, unseen] = [0, 1, 2].map((i) => knownOfTitle(catalogue, i)) as [
      number,
      number,
      number,
    ];
    expect(popular).toBe(1);
    expect(rare).toBeGreaterThan(0);
    expect(rare).toBeLessThan(popular);
    expect([unseen, knownOfTitle(catalogue, undefined)]).toEqual([0, 0]);
  });
});

/** Members like one of two groups of titles, by who watches them (the first 20), which the genre tells for all 30. */
function world(): TrainingSet {
  const rng = createRng('hybrid world');
  const pairs: [number, number][] = [];
  for (let u = 0; u < 80; u++) {
    for (let i = 0; i < 20; i++) if (rng.uniform() < (i % 2 === u % 2 ? 0.5 : 0.05)) pairs.push([u, i]);
  }
  const itemFeatures = Array.from({ length: 30 }, (_, i): Context => ({ genres: [i % 2 === 0 ? 'a' : 'b'] }));
  return {
    units: Array.from({ length: 80 }, (_, u) => `u${u}`),
    items: itemFeatures.map((_, i) => `t${i}`),
    unit: Uint32Array.from(pairs, ([u]) => u),
    item: Uint32Array.from(pairs, ([, i]) => i),
    value: new Float64Array(pairs.length).fill(1),
    at: new Float64Array(pairs.length),
    itemFeatures,
  };
}

describe('the rehearsal', () => {
  const data = world();
  const pairsOf = (set: TrainingSet) => [...set.unit].map((u, row) => `${u} ${set.item[row]}`);

  it('for taste: shows nothing of the members who are asked and nobody the hidden titles', () => {
    const rules = { mode: 'taste', questions: 10, hiddenTitles: 0.2 } as const;
    const { shown, questions, hidden } = rehearse(data, rules, createRng('rehearsal'));
    expect(questions.length).toBe(10);
    expect(hidden.reduce((sum, is) => sum + is, 0)).toBe(4);
    expect(new Set(shown.unit).size).toBe(70);
    expect([...shown.item].some((item) => hidden[item] === 1)).toBe(false);
    for (const { history, targets } of questions) {
      expect(history.some((item) => hidden[item] === 1 || targets.includes(item))).toBe(false);
      expect(targets.length).toBeGreaterThan(0);
    }
  });

  it('for next: asks for the last title of members whose earlier ones are shown', () => {
    const rules = { mode: 'next', questions: 1000, hiddenTitles: 0 } as const;
    const { shown, questions } = rehearse(data, rules, createRng('rehearsal'));
    const titles = data.units.map((_, u) => data.unit.filter((unit) => unit === u).length);
    const eligible = titles.filter((count) => count >= 3).length;
    expect(questions.length).toBe(eligible);
    expect(shown.unit.length).toBe(data.unit.length - eligible);
    const left = new Set(pairsOf(shown));
    expect(pairsOf(data).filter((pair) => !left.has(pair)).length).toBe(eligible);
    for (const { history, targets } of questions) expect(history).not.toContain(targets[0]);
  });
});

describe('hybrid', () => {
  it.each(['taste', 'next'])('serves known titles and ones that training has not met: %s', (mode) => {
    const params = hybrid.params.parse({ mode, dimension: 4, nets: 1, epochs: 5, iterations: 5 });
    const state = hybrid.fit(world(), params, createRng('fit'), () => undefined);
    const compiled = hybrid.compile(state, params);
    if (compiled.decides !== 'slate') throw new Error('hybrid ranks');
    const actions = [
      ...['t6', 't7', 't26', 't27'].map((id) => ({ id, features: {} })),
      { id: 'new', features: { genres: ['a'] } },
      { id: 'also new', features: { genres: ['b'] } },
    ];
    const scores = compiled.scores(requestOf(actions, { history: ['t0', 't2', 't4'] }));
    for (const pair of [0, 2, 4]) expect(scores[pair]).toBeGreaterThan(scores[pair + 1] as number);
    // Nobody has watched t26, so it is known by the same attributes as the new title.
    expect(scores[4]).toBeCloseTo(scores[2] as number, 2);
  });
});
