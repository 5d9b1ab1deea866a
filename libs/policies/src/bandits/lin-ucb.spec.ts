import { describe, expect, it } from '@jest/globals';
import { chooserOf, rewarded } from '../testing/rows.js';
import { requestOf } from '../testing/worlds.js';
import { linUcb } from './lin-ucb.js';

const RIDGE = 0.5;
const actions = ['a', 'b', 'new'].map((id) => ({ id, features: {} }));
/** Base rate 0.5; features are [1, x]. */
const rows = [
  rewarded('a', { x: 1 }, 1, 0),
  rewarded('a', { x: 2 }, 0, 1),
  rewarded('a', { x: 3 }, 1, 2),
  rewarded('b', { x: -1 }, 0, 3),
];

/**
 * By hand. a: A + I / 2 = [3.5 6; 6 14.5], determinant 14.75; b - base A e_0 = [2 - 1.5, 4 - 3] = [.5, 1].
 * theta = [.5 + (14.5 * .5 - 6 * 1) / 14.75, (3.5 * 1 - 6 * .5) / 14.75].
 * b: A + I / 2 = [1.5 -1; -1 1.5], determinant 1.25; [-.5, .5]; theta = [.5 + (-.75 + .5) / 1.25, (-.5 + .75) / 1.25].
 */
const X = 0.4;
const MEAN_A = 0.5 + 1.25 / 14.75 + X * (0.5 / 14.75);
const VARIANCE_A = (14.5 - 2 * X * 6 + X * X * 3.5) / 14.75;
const MEAN_B = 0.5 - 0.25 / 1.25 + X * (0.25 / 1.25);
const VARIANCE_B = (1.5 + 2 * X * 1 + X * X * 1.5) / 1.25;
/** The prior alone: 1 / ridge per weight, and not the ridge, as where A^-1 starts as a copy of the ridge. */
const VARIANCE_NEW = (1 + X * X) / RIDGE;

const answer = (alpha: number, from = actions): Float64Array =>
  chooserOf(linUcb, rows, { sharing: 'disjoint', ridge: RIDGE, alpha, epsilon: 0.06 }).distribution(
    requestOf(from, { x: X }),
  );

describe('LinUCB against a case worked out by hand', () => {
  it('has the means of ridge regression around the base rate', () => {
    const chooser = chooserOf(linUcb, rows, { sharing: 'disjoint', ridge: RIDGE });
    const scores = chooser.scores?.(requestOf(actions, { x: X })) ?? [];
    [MEAN_A, MEAN_B, 0.5].forEach((mean, i) => expect(scores[i]).toBeCloseTo(mean, 12));
  });

  // Where two bounds cross says what both widths are.
  it.each([
    ['a', 'b', MEAN_A, MEAN_B, VARIANCE_A, VARIANCE_B],
    ['a', 'new', MEAN_A, 0.5, VARIANCE_A, VARIANCE_NEW],
  ])('passes from %s to %s where the bounds cross', (one, other, high, low, narrow, wide) => {
    const pair = actions.filter(({ id }) => id === one || id === other);
    const crossing = (high - low) / (Math.sqrt(wide) - Math.sqrt(narrow));
    expect(crossing).toBeGreaterThan(0);
    const before = answer(crossing - 1e-6, pair);
    const after = answer(crossing + 1e-6, pair);
    expect([...before].sort()).toEqual([0.03, 0.97]);
    expect([...after]).toEqual([...before].reverse());
  });

  it('plays the others with epsilon / K', () => {
    expect([...answer(100)]).toEqual([0.02, 0.02, 0.96].map((p) => expect.closeTo(p, 12)));
  });
});
