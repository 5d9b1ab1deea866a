import { describe, expect, it } from '@jest/globals';
import { rewardSchema, settle } from './reward.js';
import type { LinkedEvent, RewardDefinition, ServedDecision } from './reward.js';
import { isHidden } from './settle-rewards.js';

const AT = 1_000_000;
const one: ServedDecision = {
  at: AT,
  exposed: true,
  served: [{ actionId: 'a', position: 0, propensity: 0.5 }],
};
const slate: ServedDecision = {
  at: AT,
  exposed: false,
  served: ['a', 'b', 'c'].map((actionId, position) => ({ actionId, position, propensity: 0.5 })),
};
let next = 0;
const outcome = (event: Partial<LinkedEvent> = {}): LinkedEvent => ({
  id: `e${String(next++)}`,
  kind: 'outcome',
  at: AT + 1000,
  name: 'play',
  value: null,
  actionId: null,
  itemId: null,
  position: null,
  ...event,
});
const exposure = (event: Partial<LinkedEvent> = {}): LinkedEvent =>
  outcome({ kind: 'exposure', name: null, ...event });
const definition = (input: unknown = { outcomes: [{ name: 'play' }] }): RewardDefinition =>
  rewardSchema.parse(input);
const values = (
  decision: ServedDecision,
  events: LinkedEvent[],
  reward = definition(),
  window = 60,
): (number | string)[] => settle(decision, events, reward, window).rewards.map((r) => r.reward);

describe('the reward of a single choice', () => {
  it('is 0 once the window has closed on an exposed decision without outcomes', () => {
    expect(values(one, [])).toEqual([0]);
  });

  it('counts an outcome at the last millisecond of the window and none after it', () => {
    expect(values(one, [outcome({ at: AT + 60_000 })])).toEqual([1]);
    expect(values(one, [outcome({ at: AT + 60_001 })])).toEqual([0]);
  });

  it('counts an outcome whose client clock is behind', () => {
    expect(values(one, [outcome({ at: AT - 5000 })])).toEqual([1]);
  });

  it('takes the value with threshold, cap and scale', () => {
    const watch = definition({
      outcomes: [{ name: 'watch', value: 'value', min: 120, max: 3600, scale: 1 / 3600 }],
    });
    expect(values(one, [outcome({ name: 'watch', value: 119 })], watch)).toEqual([0]);
    expect(values(one, [outcome({ name: 'watch', value: 1800 })], watch)).toEqual([0.5]);
    expect(values(one, [outcome({ name: 'watch', value: 9999 })], watch)).toEqual([1]);
    expect(values(one, [outcome({ name: 'watch' })], watch)).toEqual([0]);
  });

  it('combines by max, sum and any, and clips the result', () => {
    const rules = {
      outcomes: [
        { name: 'play', scale: 0.4 },
        { name: 'thumbs', value: 'value' },
        { name: 'skip', scale: -1 },
      ],
    };
    const events = [outcome(), outcome(), outcome({ name: 'thumbs', value: 2 }), outcome({ name: 'skip' })];
    expect(values(one, events, definition({ ...rules, combine: 'max' }))).toEqual([2]);
    expect(values(one, events, definition({ ...rules, combine: 'sum' }))[0]).toBeCloseTo(1.8, 12);
    expect(values(one, events, definition({ ...rules, combine: 'any' }))).toEqual([1]);
    expect(values(one, events, definition({ ...rules, combine: 'sum', max: 1 }))).toEqual([1]);
    expect(values(one, [outcome({ name: 'skip' })], definition({ ...rules, min: 0 }))).toEqual([0]);
  });

  it('does not depend on the order in which events are read', () => {
    const sum = definition({ outcomes: [{ name: 'watch', value: 'value' }], combine: 'sum' });
    const events = [0.1, 0.2, 0.3, 1e16, -1e16].map((value, i) =>
      outcome({ name: 'watch', value, at: AT + i }),
    );
    expect(values(one, [...events].reverse(), sum)).toEqual(values(one, events, sum));
  });

  it('learns nothing from a decision that nobody saw', () => {
    const result = settle({ ...one, exposed: false }, [], definition(), 60);
    expect(result).toEqual({ rewards: [], exposed: false, standInAt: Infinity, unattributed: 0 });
  });

  it('takes any event that names the decision as proof that it was seen', () => {
    const unseen = { ...one, exposed: false };
    expect(values(unseen, [exposure()])).toEqual([0]);
    expect(values(unseen, [outcome({ name: 'pause' })])).toEqual([0]);
  });

  it('ignores an event about an action that was not served', () => {
    expect(values({ ...one, exposed: false }, [outcome({ actionId: 'z' })])).toEqual([]);
    expect(values(one, [outcome({ actionId: 'z' })])).toEqual([0]);
    expect(values(one, [outcome({ actionId: 'a', itemId: 'title-9', position: 4 })])).toEqual([1]);
  });

  it('without a window takes the first counting outcome and has no default', () => {
    const watch = definition({ outcomes: [{ name: 'watch', value: 'value' }] });
    expect(values(one, [], watch, 0)).toEqual([]);
    expect(values(one, [outcome({ name: 'pause' })], watch, 0)).toEqual([]);
    const events = [
      outcome({ name: 'watch', value: 9, at: AT + 2 }),
      outcome({ name: 'watch', value: 5, at: AT + 1 }),
    ];
    expect(values(one, events, watch, 0)).toEqual([5]);
  });
});

describe('the rewards of a slate', () => {
  it('go to the named action, position or item', () => {
    const seen = { ...slate, exposed: true };
    expect(values(seen, [outcome({ actionId: 'b' })])).toEqual([0, 1, 0]);
    expect(values(seen, [outcome({ position: 2 })])).toEqual([0, 0, 1]);
    expect(values(seen, [outcome({ itemId: 'a' })])).toEqual([1, 0, 0]);
  });

  it('count an outcome that names no place as unattributed', () => {
    const result = settle(
      { ...slate, exposed: true },
      [outcome(), outcome({ itemId: 'title-3' })],
      definition(),
      60,
    );
    expect(result.rewards.map((r) => r.reward)).toEqual([0, 0, 0]);
    expect(result.unattributed).toBe(2);
  });

  it('are learned only at positions that were seen, where exposures name positions', () => {
    const result = settle(slate, [exposure({ position: 0 }), exposure({ actionId: 'b' })], definition(), 60);
    expect(result.rewards.map((r) => r.position)).toEqual([0, 1]);
  });

  it('are learned at all positions when the whole slate was seen', () => {
    expect(values(slate, [exposure(), outcome({ position: 1 })])).toEqual([0, 1, 0]);
    expect(values(slate, [outcome({ position: 1 })])).toEqual([0, 1, 0]);
    expect(values(slate, [])).toEqual([]);
  });

  it('without a window come position by position', () => {
    const result = settle(slate, [outcome({ position: 1 })], definition(), 0);
    expect(result.rewards).toEqual([{ actionId: 'b', position: 1, propensity: 0.5, reward: 1 }]);
  });
});

describe('the reward definition', () => {
  it('refuses unknown fields, empty lists, infinite numbers and crossed limits', () => {
    for (const bad of [
      { outcomes: [] },
      { outcomes: [{ name: 'play', weight: 1 }] },
      { outcomes: [{ name: 'play', scale: Infinity }] },
      { outcomes: [{ name: 'play' }], min: 1, max: 0 },
      { outcomes: [{ name: 'play' }], combine: 'mean' },
    ]) {
      expect(rewardSchema.safeParse(bad).success).toBe(false);
    }
  });
});

describe('outcomes of the item, and decisions with a lot', () => {
  const lift = definition({ outcomes: [{ name: 'play', of: 'item' }], combine: 'any', incremental: {} });
  const of = (itemId: string | null, more: Partial<LinkedEvent> = {}): LinkedEvent =>
    outcome({ ofUnit: true, itemId, ...more });

  it('count plays of the action or the subject, wherever they came about, and of nothing else', () => {
    expect(values(one, [of('a')], lift)).toEqual([1]);
    expect(values(one, [of('b')], lift)).toEqual([0]);
    expect(values(one, [of(null)], lift)).toEqual([0]);
    expect(values({ ...one, subject: 'title' }, [of('title')], lift)).toEqual([1]);
    // Of the decision itself: named, so it counts unless it says that it is about something else.
    expect(values(one, [outcome()], lift)).toEqual([1]);
    expect(values(one, [outcome({ itemId: 'b' })], lift)).toEqual([0]);
    expect(values(slate, [exposure(), of('b')], lift)).toEqual([0, 1, 0]);
  });

  it.each([true, false])(
    'are seen by their exposures alone, alike for both lots (withheld: %s)',
    (withheld) => {
      const lot = { ...one, exposed: false, withheld };
      expect(values(lot, [outcome()], lift)).toEqual([]);
      expect(values(lot, [exposure(), of('a')], lift)).toEqual([1]);
      expect(values(lot, [exposure()], lift)).toEqual([0]);
      // The place showed its own default: an exposure of the withheld decision, and a mix-up of the shown one.
      expect(values(lot, [exposure({ actionId: 'default' })], lift)).toEqual(withheld ? [0] : []);
      const seen = exposure();
      expect(values(lot, [seen, outcome({ actionId: 'default' })])).toEqual([withheld ? 1 : 0]);
      expect(values(lot, [seen, outcome({ actionId: 'default' })], lift)).toEqual([0]);
      expect(values({ ...lot, subject: 't' }, [seen, of('t'), outcome({ itemId: 't' })], lift)).toEqual([1]);
    },
  );

  it('of a slate are those of what was chosen, not of what stands in for it', () => {
    const places = slate.served.map((place, k) => ({
      ...place,
      lot: { withheld: k === 1, propensity: k === 1 ? 0.1 : 0.9 },
      ...(k === 1 ? { instead: 'z' } : {}),
    }));
    const dealt = { ...slate, exposed: false, byExposure: true, served: places };
    const seen = [exposure({ actionId: 'z' }), exposure({ id: 'x2', actionId: 'c' })];
    const plain = definition({ outcomes: [{ name: 'play' }], combine: 'any' });
    const settled = (events: LinkedEvent[], rules = lift) =>
      settle(dealt, [...seen, ...events], rules, 60).rewards;
    // Seen by the stand-in's exposure; an outcome alone proves nothing.
    expect(settled([outcome({ actionId: 'a' })]).map(({ actionId }) => actionId)).toEqual(['b', 'c']);
    // Played elsewhere: the outcome without showing. Played in its place: the stand-in's.
    const worth = (events: LinkedEvent[], rules = lift) => settled(events, rules).map(({ reward }) => reward);
    expect(worth([of('b')])).toEqual([1, 0]);
    for (const event of [outcome({ actionId: 'z' }), outcome({ itemId: 'z' }), outcome({ position: 1 })]) {
      expect(worth([event])).toEqual([0, 0]);
      expect(worth([event], plain)).toEqual([0, 0]);
    }
    expect(worth([outcome({ position: 2 })], plain)).toEqual([0, 1]);
    // Who chose the stand-in came no further, where a policy takes members to stop there.
    const below = (key: string, event: LinkedEvent) => {
      const result = settle(dealt, [...seen, event], plain, 60);
      return result.rewards.map((reward) => isHidden({ key }, reward, result));
    };
    expect(below('cascade-thompson', outcome({ actionId: 'z' }))).toEqual([false, true]);
    expect(below('cascade-thompson', outcome({ position: 2 }))).toEqual([false, false]);
    expect(below('position-based', outcome({ actionId: 'z' }))).toEqual([false, false]);
    // What the member does is done with and without it.
    const back = definition({ outcomes: [{ name: 'play', of: 'unit' }], combine: 'any' });
    expect(worth([of(null)], back)).toEqual([1, 1]);
  });
});

describe('outcomes of decisions made within one', () => {
  const within = definition({ outcomes: [{ name: 'play', of: 'within' }] });

  it('count for the action that the lower decision is about, where the definition says so', () => {
    const played = outcome({ within: true, actionId: 'b', itemId: 'title-7' });
    const seen = exposure({ within: true, actionId: 'a' });
    expect(settle(slate, [seen, played], within, 60).rewards).toMatchObject([
      { actionId: 'a', reward: 0 },
      { actionId: 'b', reward: 1 },
    ]);
    // Naming the decision itself still counts; a row that was not served proves nothing.
    expect(values(slate, [outcome({ actionId: 'c' })], within)).toEqual([0, 0, 1]);
    expect(values(slate, [outcome({ within: true, actionId: 'elsewhere' })], within)).toEqual([]);
    expect(values(slate, [played], definition())).toEqual([0, 0, 0]);
  });
});
