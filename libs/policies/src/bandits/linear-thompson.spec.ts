import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Context } from '#experiments';
import type { Action, Chooser, RewardedDecision } from '../contract.js';
import { requestOf } from '../testing/worlds.js';
import { FeatureIndex, learnNames } from './features.js';
import { linearThompson } from './linear-thompson.js';
import type { LinearState } from './linear-state.js';

const DAY = 86_400_000;
const bright: Action = { id: 'bright', features: { light: 1 } };
const dark: Action = { id: 'dark', features: { light: -1 } };

/** Children like bright artwork, adults dark: the best action depends on the context alone. */
function familyBatch(size: number, seed: string, flipped = false, day = 0): RewardedDecision[] {
  const rng = createRng(seed);
  return Array.from({ length: size }, (_, n) => {
    const kids = rng.uniform() < 0.5;
    const action = rng.uniform() < 0.5 ? bright : dark;
    const liked = (action === bright) === (kids !== flipped);
    const reward = rng.uniform() < (liked ? 0.6 : 0.2) ? 1 : 0;
    const base = { decisionId: `${seed}${n}`, unitId: 'u', subject: null, position: 0, propensity: 0.5 };
    return { ...base, context: { kids }, action, reward, at: day * DAY + n };
  });
}

function compiledWith(state: LinearState, input: object): Chooser {
  const compiled = linearThompson.compile(state, linearThompson.params.parse(input));
  if (compiled.decides !== 'action') throw new Error('a chooser was expected');
  return compiled;
}

function learned(batches: RewardedDecision[][], input: object): Chooser {
  const params = linearThompson.params.parse(input);
  const state = batches.reduce(
    (s, batch) => linearThompson.update(s, batch, params),
    linearThompson.initialState(params),
  );
  return compiledWith(state, input);
}

describe.each(['disjoint', 'shared', 'hybrid'] as const)('linear Thompson sampling, %s', (sharing) => {
  const chooser = learned([familyBatch(600, 'family')], { sharing });
  const share = (context: Context, actions: Action[]): number[] => [
    ...chooser.distribution(requestOf(actions, context)),
  ];

  it('finds opposite winners by segment', () => {
    expect(share({ kids: true }, [bright, dark])[0]).toBeGreaterThan(0.99);
    expect(share({ kids: false }, [bright, dark])[0]).toBeLessThan(0.01);
  });

  it('estimates the reward that the data were made with', () => {
    const scores = chooser.scores?.(requestOf([bright, dark], { kids: true })) ?? [];
    expect(Math.abs((scores[0] as number) - 0.6)).toBeLessThan(0.1);
    expect(Math.abs((scores[1] as number) - 0.2)).toBeLessThan(0.1);
  });

  it('gives an action nobody has seen a fair chance', () => {
    const newcomer: Action = { id: 'new', features: { light: 0, never: 1 } };
    expect(share({ kids: false }, [bright, dark, newcomer])[2]).toBeGreaterThan(0.02);
  });

  it('forgets by the wall clock', () => {
    const batches = [familyBatch(600, 'old'), familyBatch(600, 'new', true, 30)];
    const p = learned(batches, { sharing, halfLifeDays: 2 }).distribution(
      requestOf([bright, dark], { kids: true }),
    );
    expect(p[0]).toBeLessThan(0.01);
    const remembering = learned(batches, { sharing }).distribution(requestOf([bright, dark], { kids: true }));
    expect(remembering[0]).toBeGreaterThan(0.02);
  });

  it('takes in context that appears later, without losing what it knows', () => {
    const later = familyBatch(200, 'later').map((d) => ({
      ...d,
      context: { ...d.context, device: 'tv', hour: 3 },
    }));
    const p = learned([familyBatch(600, 'family'), later], { sharing }).distribution(
      requestOf([bright, dark], { kids: true, device: 'tv', hour: 3 }),
    );
    expect(p[0]).toBeGreaterThan(0.9);
  });

  it('looks only at the attributes it is told to', () => {
    const blind = learned([familyBatch(600, 'family')], { sharing, attributes: ['device'] });
    const p = (kids: boolean): number[] => [...blind.distribution(requestOf([bright, dark], { kids }))];
    expect(p(true)).toEqual(p(false));
  });
});

describe.each(['shared', 'hybrid'] as const)('weights that actions share, %s', (sharing) => {
  it('knows a new action by its features', () => {
    const chooser = learned([familyBatch(600, 'family')], { sharing });
    const twin: Action = { id: 'bright-too', features: { light: 1 } };
    const p = chooser.distribution(requestOf([twin, dark], { kids: true }));
    expect(p[0]).toBeGreaterThan(0.99);
  });

  it('tells actions without features apart by their id', () => {
    const plain = familyBatch(600, 'family').map((d) => ({
      ...d,
      action: { id: d.action.id, features: {} },
    }));
    const p = learned([plain], { sharing }).distribution(
      requestOf(
        [
          { id: 'bright', features: {} },
          { id: 'dark', features: {} },
        ],
        { kids: true },
      ),
    );
    expect(p[0]).toBeGreaterThan(0.99);
  });
});

describe('features', () => {
  it('names numbers, booleans, texts and lists; leaves out what is missing', () => {
    const index = new FeatureIndex(['hour', 'kids', 'device=tv', 'genres=drama'], 10);
    const context = { hour: 300, kids: true, device: 'tv', genres: ['drama', 'crime'], nothing: null };
    expect([...index.vector(context)]).toEqual([1, 10, 1, 1, 1]);
    expect([...index.vector({ hour: Number.NaN, device: 'phone' })]).toEqual([1, 0, 0, 0, 0]);
    expect(index.unseenSquares(context)).toBe(1);
  });

  it('keep the dictionary within its capacity, first come first served', () => {
    const known = learnNames(['a'], ['b', 'a', 'c', 'd'], 3);
    expect(known).toEqual(['a', 'b', 'c']);
    expect(learnNames(known, ['z'], 3)).toBe(known);
  });
});
