import { describe, expect, it } from '@jest/globals';
import type { RewardedDecision } from '../contract.js';
import {
  addDecisions,
  decodeCounts,
  emptyCounts,
  encodeCounts,
  tallyKey,
  tallyOf,
} from './decayed-counts.js';

const DAY = 86_400_000;

function decision(
  actionId: string,
  day: number,
  reward: number,
  subject: string | null = null,
): RewardedDecision {
  const action = { id: actionId, features: {} };
  return {
    decisionId: 'd',
    unitId: 'u',
    context: {},
    subject,
    action,
    position: 0,
    propensity: 1,
    reward,
    at: day * DAY,
  };
}

const options = { halfLifeDays: 2, perSubject: true };
const count = (batch: RewardedDecision[], start = emptyCounts) =>
  addDecisions(start, batch, options, (reward) => reward);

describe('decayed counts', () => {
  it('halve every half-life, also for actions that are idle', () => {
    const counts = count([decision('old', 0, 1), decision('new', 4, 3)]);
    expect(tallyOf(counts, 'old', 2)).toEqual({ weight: 0.25, sum: 0.25 });
    expect(tallyOf(counts, 'new', 2)).toEqual({ weight: 1, sum: 3 });
  });

  it('count late arrivals at their age, whatever the order', () => {
    const events = [decision('a', 1, 1), decision('a', 9, 0), decision('a', 3, 5), decision('b', 10, 1)];
    const forward = tallyOf(count(events), 'a', 2);
    const backward = tallyOf(count([...events].reverse()), 'a', 2);
    const expected = 2 ** (-9 / 2) + 5 * 2 ** (-7 / 2);
    expect(forward.sum).toBeCloseTo(expected, 12);
    expect(backward.sum).toBeCloseTo(expected, 12);
    expect(backward.weight).toBeCloseTo(forward.weight, 12);
  });

  it('forget nothing without a half-life', () => {
    const counts = addDecisions(
      emptyCounts,
      [decision('a', 0, 1), decision('a', 9999, 1)],
      { halfLifeDays: null, perSubject: true },
      (r) => r,
    );
    expect(tallyOf(counts, 'a', null)).toEqual({ weight: 2, sum: 2 });
  });

  it('keep subjects apart, whatever characters their names hold', () => {
    expect(tallyKey('a', 'b","c', true)).not.toBe(tallyKey('a","b', 'c', true));
    const counts = count([decision('a', 0, 1, 'title-1'), decision('a', 0, 0, 'title-2')]);
    expect(tallyOf(counts, tallyKey('title-1', 'a', true), 2).sum).toBe(1);
    expect(tallyOf(counts, tallyKey('title-2', 'a', true), 2).sum).toBe(0);
    expect(tallyOf(counts, tallyKey(null, 'a', true), 2).weight).toBe(0);
  });

  it('survive names that are dangerous as object keys', () => {
    const counts = count([decision('__proto__', 0, 1), decision('constructor', 0, 2)]);
    const decoded = decodeCounts(JSON.parse(JSON.stringify(encodeCounts(counts))));
    expect(tallyOf(decoded, '__proto__', 2).sum).toBe(1);
    expect(tallyOf(decoded, 'constructor', 2).sum).toBe(2);
    expect(tallyOf(decoded, 'toString', 2).weight).toBe(0);
  });
});
