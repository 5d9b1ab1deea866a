import { describe, expect, it } from '@jest/globals';
import type { Context } from '#experiments';
import type { RewardedDecision, TrainingSet } from '../contract.js';
import { requestOf } from '../testing/worlds.js';
import { mostPopular } from './most-popular.js';

const OCTOBER = Date.UTC(2023, 9, 14, 20);
const MAY = Date.UTC(2024, 4, 15, 20);

type Settings = Parameters<typeof mostPopular.params.parse>[0];
interface Reward {
  readonly id: string;
  readonly at?: number;
  readonly count?: number;
  readonly genres?: readonly string[];
  readonly context?: Context;
}

function decisions(rewards: readonly Reward[]): RewardedDecision[] {
  return rewards.flatMap(({ id, at = MAY, count = 1, genres = [], context = {} }) =>
    Array.from({ length: count }, (_, n) => ({
      decisionId: `${id}-${n}`,
      unitId: 'u',
      context,
      subject: null,
      action: { id, features: { genres } },
      position: 0,
      propensity: 1,
      reward: 1,
      at,
    })),
  );
}

/** How many times as popular as on the whole, by the score with and without what it is told apart by. */
function liftOf(
  settings: Settings,
  rewards: readonly Reward[],
  asked: {
    readonly id: string;
    readonly genres?: readonly string[];
    readonly at: number;
    readonly context?: Context;
  },
): number {
  const params = mostPopular.params.parse({
    halfLifeDays: null,
    cellHalfLifeDays: 36_500,
    smoothing: 1e-9,
    ...(settings as object),
  });
  const plain = mostPopular.params.parse({ halfLifeDays: null, smoothing: 1e-9 });
  const action = { id: asked.id, features: { genres: asked.genres ?? [] } };
  const request = { ...requestOf([action], asked.context ?? {}), at: asked.at };
  const [told, whole] = [params, plain].map((one) => {
    const state = mostPopular.update(mostPopular.initialState(one), decisions(rewards), one);
    const compiled = mostPopular.compile(state, one);
    if (compiled.decides !== 'slate') throw new Error('a ranker was expected');
    return compiled.scores(request)[0] as number;
  }) as [number, number];
  return Math.exp(told - whole);
}

describe('most-popular by season, time of day and segment', () => {
  const halloween: Reward[] = [
    { id: 'witch', genres: ['horror'], at: OCTOBER, count: 30 },
    { id: 'witch', genres: ['horror'], at: MAY, count: 10 },
    { id: 'heist', genres: ['crime'], at: OCTOBER, count: 20 },
    { id: 'heist', genres: ['crime'], at: MAY, count: 60 },
  ];

  it('lifts by observed over expected rewards of the month, shrunken to those of the attribute and to 1', () => {
    // 120 rewards, 50 of them in October: of the 40 of horror 40 * 50 / 120 are expected there, 30 were seen.
    const expected = (40 * 50) / 120;
    const genre = (30 + 20) / (expected + 20);
    const own = (30 + 20 * genre) / (expected + 20);
    // A hundred-year half-life fades a little between October and May, hence the two digits.
    expect(liftOf({ season: true }, halloween, { id: 'witch', genres: ['horror'], at: OCTOBER })).toBeCloseTo(
      own,
      1,
    );
    expect(liftOf({ season: true, attribute: null }, halloween, { id: 'witch', at: OCTOBER })).toBeCloseTo(
      genre,
      1,
    );
    expect(liftOf({ season: true }, halloween, { id: 'witch', genres: ['horror'], at: MAY })).toBeLessThan(1);
  });

  it('gives a title without a past of its own the season of its attribute', () => {
    const rewards = [...halloween, { id: 'new', genres: ['horror'], at: MAY, count: 1 }];
    const lift = liftOf({ season: true }, rewards, {
      id: 'new',
      genres: ['horror'],
      at: Date.UTC(2024, 9, 20),
    });
    expect(lift).toBeGreaterThan(1.2);
    expect(
      liftOf({ season: true }, rewards, { id: 'new', genres: ['horror'], at: Date.UTC(2024, 0, 20) }),
    ).toBeCloseTo(1, 9);
  });

  it('follows the local time of day where the context tells it, else UTC', () => {
    const morning = { hour: 8, weekday: 2 };
    const rewards: Reward[] = [
      { id: 'short', context: morning, count: 40 },
      { id: 'short', context: { hour: 21, weekday: 2 }, count: 5 },
      { id: 'long', context: { hour: 21, weekday: 2 }, count: 60 },
    ];
    const at = (context: Context, id = 'short') =>
      liftOf({ daypart: true }, rewards, { id, at: MAY, context });
    expect(at(morning)).toBeGreaterThan(1.3);
    expect(at({ hour: 23.5, weekday: 4 })).toBeLessThan(0.8);
    // MAY is a Wednesday at 20:00 UTC.
    expect(at({})).toBe(at({ hour: 20, weekday: 3 }));
    expect(at({ hour: Number.NaN, weekday: 9 })).toBe(at({}));
    expect(at({ hour: 8, weekday: 0 })).toBe(1);
    // In Tokyo it is Thursday, five in the morning.
    expect(at({ timeZone: 'Asia/Tokyo' })).toBe(at({ hour: 5, weekday: 4 }));
    expect(at({ utcOffsetMinutes: -720 })).toBe(at(morning));
  });

  it('tells the values of a context attribute apart, and leaves those it has not met alone', () => {
    const rewards: Reward[] = [
      { id: 'anime', context: { country: 'JP' }, count: 50 },
      { id: 'anime', context: { country: 'DE' }, count: 10 },
      { id: 'krimi', context: { country: 'DE' }, count: 60 },
    ];
    const lift = (country: string | null) =>
      liftOf({ segmentBy: 'country' }, rewards, { id: 'anime', at: MAY, context: { country } });
    expect(lift('JP')).toBeGreaterThan(1.3);
    expect(lift('DE')).toBeLessThan(0.7);
    expect(lift('FR')).toBe(1);
    expect(lift(null)).toBe(1);
  });

  it('corrects rewards in every cell, and keeps them through JSON', () => {
    const params = mostPopular.params.parse({ season: true, daypart: true, segmentBy: 'country' });
    const batch = decisions([
      ...halloween,
      { id: 'witch', genres: ['horror'], context: { country: 'SE' }, count: 9 },
    ]);
    const early = batch.map((decision) => ({ ...decision, reward: 0 }));
    const late = batch.map((decision) => ({ ...decision, previous: 0 }));
    const initial = mostPopular.initialState(params);
    const corrected = mostPopular.correct?.(mostPopular.update(initial, early, params), late, params);
    const known = mostPopular.update(initial, batch, params);
    const request = {
      ...requestOf(
        ['witch', 'heist'].map((id) => ({ id, features: { genres: [id === 'witch' ? 'horror' : 'crime'] } })),
        { country: 'SE' },
      ),
      at: OCTOBER,
    };
    const answers = [corrected, known, mostPopular.decode(mostPopular.encode(known))].map((state) => {
      const compiled = mostPopular.compile(state as never, params);
      if (compiled.decides !== 'slate') throw new Error('a ranker was expected');
      return [...compiled.scores(request)];
    });
    expect(answers[2]).toEqual(answers[1]);
    answers[0]?.forEach((score, i) => expect(score).toBeCloseTo(answers[1]?.[i] as number, 9));
  });

  it('learns seasons from history', () => {
    const data: TrainingSet = {
      units: ['u'],
      items: ['witch', 'heist'],
      unit: new Uint32Array(60),
      item: Uint32Array.from({ length: 60 }, (_, n) => (n < 30 ? 0 : 1)),
      value: new Float64Array(60).fill(1),
      at: Float64Array.from({ length: 60 }, (_, n) => (n < 30 ? OCTOBER : MAY)),
      itemFeatures: [{}, {}],
    };
    const params = mostPopular.params.parse({ season: true, halfLifeDays: null });
    const compiled = mostPopular.compile(mostPopular.warmStart?.(data, params) as never, params);
    if (compiled.decides !== 'slate') throw new Error('a ranker was expected');
    const actions = data.items.map((id) => ({ id, features: {} }));
    const [october, may] = [OCTOBER, MAY].map((at) => compiled.scores({ ...requestOf(actions), at }));
    expect((october as Float64Array)[0]).toBeGreaterThan((october as Float64Array)[1] as number);
    expect((may as Float64Array)[1]).toBeGreaterThan((may as Float64Array)[0] as number);
  });

  it('serves snapshots from before it told anything apart', () => {
    const params = mostPopular.params.parse({});
    const stored = mostPopular.encode(
      mostPopular.update(mostPopular.initialState(params), decisions(halloween), params),
    );
    expect(Object.keys(stored as object)).toEqual(['at', 'keys', 'tallies']);
    expect(mostPopular.encode(mostPopular.decode(stored))).toEqual(stored);
  });
});
