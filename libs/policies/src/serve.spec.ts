import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Chooser, Ranker } from './contract.js';
import { compileExploration, defaultAction, defaultSlate, serveAction, serveSlate } from './index.js';
import { actionsOf, requestOf } from './testing/worlds.js';

const greedy = compileExploration('greedy', {});
const request = requestOf(actionsOf(3));
const rng = () => createRng('serve');

function chooserOf(values: number[]): Chooser {
  return { decides: 'action', propensity: { kind: 'exact' }, distribution: () => Float64Array.from(values) };
}

function rankerOf(values: number[]): Ranker {
  return { decides: 'slate', scores: () => Float64Array.from(values) };
}

describe('the safety envelope', () => {
  it.each([
    ['too few', [0.5, 0.5]],
    ['too many', [0.25, 0.25, 0.25, 0.25]],
    ['negative', [-0.1, 0.6, 0.5]],
    ['not a number', [Number.NaN, 0.5, 0.5]],
    ['infinite', [Infinity, 0, 0]],
    ['sum below 1', [0.3, 0.3, 0.3999999]],
    ['sum above 1', [0.4, 0.3, 0.3000001]],
    ['all zero', [0, 0, 0]],
  ])('refuses probabilities that are wrong: %s', (_name, values) => {
    const act = () => serveAction(chooserOf(values), request, greedy, 0, rng());
    const slate = () => serveSlate(chooserOf(values), request, 2, greedy, 0, rng());
    expect(act).toThrow(expect.objectContaining({ code: 'invalid_distribution' }));
    expect(slate).toThrow(expect.objectContaining({ code: 'invalid_distribution' }));
  });

  it.each([
    ['not a number', [Number.NaN, 1, 2]],
    ['infinite', [1, Infinity, 2]],
    ['too few', [1, 2]],
  ])('refuses scores that are wrong: %s', (_name, values) => {
    expect(() => serveAction(rankerOf(values), request, greedy, 0, rng())).toThrow(
      expect.objectContaining({ code: 'invalid_distribution' }),
    );
  });

  it('refuses an exploration that offers an action twice', () => {
    const stuck = () => (_taken: Uint8Array, into: Float64Array) => {
      into.fill(0);
      into[0] = 1;
    };
    expect(() => serveSlate(rankerOf([1, 2, 3]), request, 2, stuck, 0, rng())).toThrow(
      expect.objectContaining({ code: 'invalid_distribution' }),
    );
  });

  it('refuses to choose from nothing', () => {
    const empty = requestOf([]);
    for (const serve of [
      () => serveAction(chooserOf([]), empty, greedy, 0, rng()),
      () => serveSlate(rankerOf([]), empty, 3, greedy, 0, rng()),
      () => defaultAction(empty),
    ]) {
      expect(serve).toThrow(expect.objectContaining({ code: 'no_candidates' }));
    }
  });

  it('adds the floor and keeps the ratios above it', () => {
    const { probabilities } = serveAction(chooserOf([1, 0, 0]), request, greedy, 0.05, rng());
    expect([...probabilities]).toEqual([0.05 + 0.85, 0.05, 0.05]);
    expect([...serveAction(chooserOf([1, 0, 0]), request, greedy, 0.9, rng()).probabilities]).toEqual([
      1 / 3,
      1 / 3,
      1 / 3,
    ]);
  });

  it('leaves the distribution of the policy as it is', () => {
    const shared = Float64Array.of(0.2, 0.3, 0.5);
    const chooser: Chooser = { decides: 'action', propensity: { kind: 'exact' }, distribution: () => shared };
    serveAction(chooser, request, greedy, 0.1, rng());
    serveSlate(chooser, request, 3, greedy, 0.1, rng());
    expect([...shared]).toEqual([0.2, 0.3, 0.5]);
  });
});

describe('serving either kind of policy on either kind of surface', () => {
  it('serves a ranker on an action surface as a slate of one', () => {
    const served = serveAction(rankerOf([1, 3, 2]), request, greedy, 0, rng());
    expect(served).toMatchObject({ index: 1, propensity: 1 });
    expect([...(served.scores ?? [])]).toEqual([1, 3, 2]);
  });

  it('serves a chooser on a slate surface by drawing without replacement', () => {
    const { items, propensity } = serveSlate(chooserOf([0.5, 0.3, 0.2]), request, 3, greedy, 0, rng());
    const p = [0.5, 0.3, 0.2];
    let left = 1;
    for (const item of items) {
      expect(item.propensity).toBeCloseTo((p[item.index] as number) / left, 12);
      left -= p[item.index] as number;
    }
    expect(propensity).toBeCloseTo(
      items.reduce((product, item) => product * item.propensity, 1),
      15,
    );
  });

  it('fills the slate by score where nothing is left of the distribution', () => {
    const certain: Chooser = { ...chooserOf([0, 1, 0]), scores: () => Float64Array.of(1, 5, 2) };
    const order = (chooser: Chooser) =>
      serveSlate(chooser, request, 3, greedy, 0, rng()).items.map((item) => item.index);
    expect(order(certain)).toEqual([1, 2, 0]);
    expect(order(chooserOf([0, 1, 0]))).toEqual([1, 0, 2]);
  });

  it('never gives more than there is', () => {
    expect(serveSlate(rankerOf([1, 2, 3]), request, 10, greedy, 0, rng()).items.length).toBe(3);
    expect(serveSlate(rankerOf([1, 2, 3]), request, 0, greedy, 0, rng()).items).toEqual([]);
    expect(serveSlate(rankerOf([1, 2, 3]), request, Number.NaN, greedy, 0, rng()).items).toEqual([]);
  });

  it('falls back to the default order with certainty', () => {
    expect(defaultAction(request)).toMatchObject({ index: 0, propensity: 1 });
    expect([...defaultAction(request).probabilities]).toEqual([1, 0, 0]);
    expect(defaultSlate(request, 2)).toEqual({
      items: [
        { index: 0, propensity: 1 },
        { index: 1, propensity: 1 },
      ],
      propensity: 1,
    });
  });
});
