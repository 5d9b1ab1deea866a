import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { TrainingSet } from '../contract.js';
import { actionsOf, requestOf } from '../testing/worlds.js';
import { sequence } from './sequence.js';

const quiet = () => undefined;

/** Members who go round 12 titles, forwards or backwards, and then one who watched nothing. */
function rounds(members: number, events: number, next: (u: number, t: number) => number): TrainingSet {
  const rows = Array.from({ length: members * events }, (_, n) => n);
  return {
    units: Array.from({ length: members + 1 }, (_, u) => `u${u}`),
    items: actionsOf(12).map(({ id }) => id),
    // Rows of different members take turns: only the order within a member counts.
    unit: Uint32Array.from(rows, (n) => n % members),
    item: Uint32Array.from(rows, (n) => next(n % members, Math.floor(n / members))),
    value: new Float64Array(rows.length).fill(1),
    at: new Float64Array(rows.length),
    itemFeatures: actionsOf(12).map(() => ({})),
  };
}

const circles = rounds(40, 14, (u, t) => (u % 2 === 0 ? u + t : 12 * 14 + u - t) % 12);

describe.each(['self-attention', 'gru', 'lstm'] as const)('the sequence policy with %s', (cell) => {
  it('ranks by the order of the history, not only by what is in it', () => {
    const params = sequence.params.parse({
      cell,
      dimension: 16,
      dropout: 0.1,
      learningRate: 0.01,
      epochs: 20,
    });
    const compiled = sequence.compile(sequence.fit(circles, params, createRng('fit'), quiet), params);
    if (compiled.decides !== 'slate') throw new Error('a ranker was expected');
    const best = (...history: string[]): string => {
      const open = actionsOf(12).filter(({ id }) => !history.includes(id));
      const scores = compiled.scores(requestOf(open, { history }));
      return open[scores.indexOf(Math.max(...scores))]?.id ?? '';
    };
    expect(best('a3', 'a4', 'a5')).toBe('a6');
    expect(best('a5', 'a4', 'a3')).toBe('a2');
    // Unknown titles in between are passed over.
    expect(best('a3', 'unheard-of', 'a4', 'a5', 'another')).toBe('a6');
  });
});

describe('the sequence policy', () => {
  it('ranks by popularity without a known title in the history', () => {
    const params = sequence.params.parse({ dimension: 8, epochs: 1 });
    const few = rounds(40, 3, (u, t) => (t === 0 ? 7 : (u + t) % 5));
    const compiled = sequence.compile(sequence.fit(few, params, createRng('fit'), quiet), params);
    if (compiled.decides !== 'slate') throw new Error('a ranker was expected');
    for (const context of [{}, { history: ['unheard-of'] }]) {
      const scores = compiled.scores(requestOf(actionsOf(12), context));
      expect(scores.indexOf(Math.max(...scores))).toBe(7);
    }
  });

  it('reports its progress up to the end, and stops when the withheld events say so', () => {
    const rng = createRng('noise');
    const noise = rounds(60, 12, () => rng.below(12));
    const params = sequence.params.parse({ dimension: 8, epochs: 500, validation: 0.5, patience: 2 });
    const shares: number[] = [];
    sequence.fit(noise, params, createRng('fit'), (share) => shares.push(share));
    expect([...shares].sort((a, b) => a - b)).toEqual(shares);
    expect(shares.at(-1)).toBe(1);
    expect(shares.length).toBeLessThan(500);
  });

  it('fails before it takes more memory than it may', () => {
    const fit = (params: object) =>
      sequence.fit(circles, sequence.params.parse(params), createRng('fit'), quiet);
    expect(() => fit({ memoryMb: 16, dimension: 256 })).toThrow(/more than the 16 MB/);
  });

  it('refuses a stored state whose weights are of another network', () => {
    const params = sequence.params.parse({ dimension: 8, epochs: 1 });
    const state = sequence.encode(sequence.fit(circles, params, createRng('fit'), quiet)) as object;
    expect(() => sequence.decode({ ...state, dimension: 16 } as never)).toThrow(/weights/);
    expect(() => sequence.decode({ ...state, cell: 'other' } as never)).toThrow(/not known/);
  });
});
