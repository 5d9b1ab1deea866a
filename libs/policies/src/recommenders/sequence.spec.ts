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

const MINUTE = 60_000;
const DAY = 86_400_000;
type Turn = 'action' | 'device' | 'gap';

/** Members who go round 12 titles; a coin turns the next step forwards or backwards, and only one signal shows it. */
function turning(turn: Turn, members: number, events: number): TrainingSet {
  const rng = createRng(`turning by ${turn}`);
  const rows: { unit: number; item: number; name: number; device: number; at: number }[] = [];
  for (let unit = 0; unit < members; unit++) {
    let step = { unit, item: rng.below(12), name: 0, device: 0, at: 0 };
    for (let t = 0; t < events; t++) {
      const forwards = rng.uniform() < 0.5;
      const [coin, other] = [Number(forwards), rng.below(2)];
      rows.push(step, { ...step, name: turn === 'action' ? coin : other, at: step.at + MINUTE });
      step = {
        unit,
        item: (step.item + (forwards ? 1 : 11)) % 12,
        name: 2,
        device: turn === 'device' ? coin : rng.below(2),
        at: step.at + (turn === 'gap' ? (forwards ? 5 * MINUTE : 2 * DAY) : 5 * MINUTE),
      };
    }
  }
  const column = (of: (row: (typeof rows)[number]) => number) => Array.from(rows, of);
  const [unit, item] = [Uint32Array.from(column((r) => r.unit)), Uint32Array.from(column((r) => r.item))];
  const [counts, at] = [new Uint8Array(rows.length).fill(1), Float64Array.from(column((r) => r.at))];
  return {
    units: Array.from({ length: members }, (_, u) => `u${u}`),
    items: actionsOf(12).map(({ id }) => id),
    unit,
    item,
    value: new Float64Array(rows.length).fill(1),
    at,
    itemFeatures: actionsOf(12).map(() => ({})),
    signals: {
      names: ['skip', 'complete', 'play'],
      devices: ['phone', 'tv'],
      unit,
      item,
      name: Uint32Array.from(column((r) => r.name)),
      device: Int32Array.from(column((r) => r.device)),
      at,
      counts,
    },
  };
}

describe('what the sequence policy reads besides the titles', () => {
  const asked = Date.UTC(2026, 0, 10);
  const told = {
    action: [{ historyActions: ['play', 'complete'] }, { historyActions: ['play', 'skip'] }],
    device: [{ device: 'tv' }, { device: 'phone' }],
    gap: [
      { historyAt: [new Date(asked - DAY).toISOString(), new Date(asked - 4 * MINUTE).toISOString()] },
      { historyAt: [new Date(asked - 9 * DAY).toISOString(), new Date(asked - 2 * DAY).toISOString()] },
    ],
  };

  it.each(['action', 'device', 'gap'] as const)('%s', (turn) => {
    const params = sequence.params.parse({
      cell: 'gru',
      dimension: 16,
      length: 12,
      dropout: 0,
      learningRate: 0.02,
      batch: 16,
      epochs: 20,
      validation: 0,
    });
    const state = sequence.fit(turning(turn, 60, 24), params, createRng('fit'), quiet);
    const compiled = sequence.compile(sequence.decode(sequence.encode(state)), params);
    if (compiled.decides !== 'slate') throw new Error('a ranker was expected');
    const best = told[turn].map((context) => {
      const request = requestOf(actionsOf(12), { history: ['a4', 'a5'], ...context });
      const scores = compiled.scores({ ...request, at: asked });
      return `a${scores.indexOf(Math.max(...scores))}`;
    });
    expect(best).toEqual(['a6', 'a4']);
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
