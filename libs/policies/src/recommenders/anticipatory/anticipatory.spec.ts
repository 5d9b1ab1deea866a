import { beforeAll, describe, expect, it } from '@jest/globals';
import { createRng, DomainError } from '#experiments';
import type { Context, Rng } from '#experiments';
import type { DecisionRequest, Ranker, RecommenderPolicy, TrainingSet } from '../../contract.js';
import { compileExploration } from '../../exploration/index.js';
import { hourOfWeek, offsetMinutesOf, timesIn } from '../../local-time.js';
import { serveSlate } from '../../serve.js';
import { markovKnn } from '../markov-knn.js';
import { anticipatoryOf } from '../anticipatory.js';
import { originsOf } from './hazard-calibration.js';
import { fitHazard } from './hazard-fit.js';
import type { MemberVisits } from './hazard-fit.js';
import { cumulativeHazard } from './hazard.js';
import { withinBudget } from './prefetch.js';
import { visitsOf } from './visit-past.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 2, 1);
const DAYS = 70;

/** Visits per hour of a member with a known law: own rate, evenings, and some come at weekends only. */
interface Law extends MemberVisits {
  readonly rate: number;
  readonly weekender: boolean;
}
const density = ({ rate, weekender, offsetMinutes }: Omit<Law, 'visits'>, at: number): number => {
  const how = hourOfWeek(at, offsetMinutes);
  const [hour, day] = [how % 24, Math.floor(how / 24)];
  const evening = hour >= 18 && hour < 23 ? 3.4 : 7 / 19;
  return rate * evening * (weekender ? (day === 0 || day === 6 ? 3.2 : 0.12) : 1);
};

function member(rng: Rng): Law {
  const law = {
    rate: Math.min(0.08, 0.02 * Math.exp(0.8 * rng.normal())),
    weekender: rng.uniform() < 0.3,
    offsetMinutes: rng.uniform() < 0.5 ? 0 : -300,
  };
  const visits: number[] = [];
  for (let at = START; at < START + DAYS * DAY; at += HOUR)
    if (rng.uniform() < density(law, at)) visits.push(at + Math.floor(rng.uniform() * HOUR));
  return { ...law, visits };
}

/** The truth: probability of a visit within so many hours. */
const trueWithin = (law: Law, at: number, hours: number): number => {
  let none = 1;
  for (let n = 0; n < hours; n++) none *= 1 - density(law, at + n * HOUR);
  return 1 - none;
};

describe('the hazard of the next visit', () => {
  const rng = createRng('visits');
  const members = Array.from({ length: 350 }, () => member(rng)).filter(({ visits }) => visits.length > 0);
  const cut = START + 56 * DAY;
  const options = {
    halfLifeHours: 45 * 24,
    shrinkRate: 2,
    shrinkRhythm: 15,
    until: cut,
    longestWait: 60 * 24,
  };
  const before = members.map((one) => ({ ...one, visits: one.visits.filter((at) => at < cut) }));
  const model = fitHazard(before, options, createRng('fit'), () => undefined);
  const origins = originsOf(
    members,
    { until: START + DAYS * DAY, halfLifeHours: 45 * 24 },
    24,
    createRng('ask'),
  ).filter(({ at }) => at > START + 30 * DAY);
  const stated = origins.map(({ member: one, at, past }) => {
    const hazard = cumulativeHazard(model, past, at, one.offsetMinutes, 24);
    return -Math.expm1(-(hazard[23] as number));
  });
  const truths = origins.map(({ member: one, at }) => trueWithin(one as Law, at, 24));
  const loss = (p: readonly number[]): number =>
    origins.reduce((sum, { at, next }, i) => {
      const came = next !== null && next - at <= 24 * HOUR;
      return sum - Math.log(came ? (p[i] as number) : 1 - (p[i] as number));
    }, 0) / origins.length;

  it('comes close to the law that made the visits, and far from one rate for all', () => {
    const rate = members.reduce((sum, { visits }) => sum + visits.length, 0) / (members.length * DAYS);
    const everybody = loss(truths.map(() => -Math.expm1(-rate)));
    const own = loss(stated);
    const best = loss(truths);
    // Of what there is to gain over one rate, most is gained; members have some 30 visits to be known by.
    expect((everybody - own) / (everybody - best)).toBeGreaterThan(0.7);
    const error = truths.reduce((sum, p, i) => sum + Math.abs(p - (stated[i] as number)), 0) / truths.length;
    expect(error).toBeLessThan(0.1);
  });

  it('states what happens: in fifths by what is stated, the mean is the truth’s', () => {
    const order = [...stated.keys()].sort((a, b) => (stated[a] as number) - (stated[b] as number));
    for (let fifth = 0; fifth < 5; fifth++) {
      const own = order.slice((fifth * order.length) / 5, ((fifth + 1) * order.length) / 5);
      const gap = own.reduce((sum, i) => sum + (stated[i] as number) - (truths[i] as number), 0) / own.length;
      expect(Math.abs(gap)).toBeLessThan(0.06);
    }
  });

  it('does not take members for gone who have only not come back yet', () => {
    // One visit each, just before the end: nothing but censored waits. The rate must not fall to that of the dead.
    const fresh = before.map(({ offsetMinutes }) => ({ offsetMinutes, visits: [cut - HOUR] }));
    const both = fitHazard([...before, ...fresh], options, createRng('fit'), () => undefined);
    const at = cut;
    const next = (fitted: typeof model): number => {
      const { past } =
        originsOf([before[0] as MemberVisits], { until: at, halfLifeHours: 1080 }, 1, createRng('x'))[0] ??
        {};
      return past ? (cumulativeHazard(fitted, past, at, 0, 24)[23] as number) : 0;
    };
    expect(next(both) / next(model)).toBeGreaterThan(0.8);
    expect(next(both) / next(model)).toBeLessThan(1.25);
  });
});

describe('the policy', () => {
  const policy = anticipatoryOf([markovKnn as RecommenderPolicy]);
  const params = policy.params.parse({ gapMinutes: 30 });
  const items = Array.from({ length: 12 }, (_, i) => `t${i}`);
  /** Members go through a series part by part, or watch the same title twice and then another. */
  const data = ((): TrainingSet => {
    const rng = createRng('plays');
    const rows: { unit: number; item: number; at: number }[] = [];
    for (let unit = 0; unit < 120; unit++) {
      const first = START + unit * HOUR;
      const titles = unit % 2 === 0 ? [0, 1, 2, 3] : [6, 6, 7 + rng.below(5), 6];
      titles.forEach((item, n) => rows.push({ unit, item, at: first + n * DAY + rng.below(6) * HOUR }));
    }
    return {
      units: Array.from({ length: 120 }, (_, i) => `u${i}`),
      items,
      itemFeatures: items.map((_, i): Context => (i < 6 ? { series: 's', episode: i + 1 } : { genre: 'x' })),
      unit: Uint32Array.from(rows, ({ unit }) => unit),
      item: Uint32Array.from(rows, ({ item }) => item),
      at: Float64Array.from(rows, ({ at }) => at),
      value: new Float64Array(rows.length).fill(1),
    };
  })();
  let ranker: Ranker;
  beforeAll(() => {
    const state = policy.fit(data, params, createRng('fit'), () => undefined);
    ranker = policy.compile(
      policy.decode(JSON.parse(JSON.stringify(policy.encode(state)))),
      params,
    ) as Ranker;
  });
  const actions = items.map((id, i) => ({ id, features: { megabytes: 100 + 50 * i } as Context }));
  const ask = (context: Context, at = START + 30 * DAY): DecisionRequest => ({
    unitId: 'u',
    context,
    actions,
    subject: null,
    at,
  });
  const best = (request: DecisionRequest): string | undefined => {
    const scores = ranker.scores(request);
    return items[scores.indexOf(Math.max(...scores))];
  };

  it('goes on with the next part of a series, and with what is taken up again', () => {
    expect(best(ask({ history: ['t0'] }))).toBe('t1');
    expect(best(ask({ history: ['t1', 't2'] }))).toBe('t3');
    expect(best(ask({ history: ['t6'] }))).toBe('t6');
    // Unfinished titles count as the newest.
    expect(best(ask({ history: ['t6', 't9'], unfinished: ['t8'] }))).toBe('t8');
    const scores = ranker.scores(ask({ history: ['t0'] }));
    expect(scores.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);
  });

  it('says when: probabilities, quantiles in order, hours that add up', () => {
    const at = START + 30 * DAY;
    const visits = [4, 3, 2, 1].map((days) => new Date(at - days * DAY).toISOString());
    const next = ranker.nextSession?.(ask({ visits }, at), [1, 24, 168]);
    if (!next) throw new Error('a forecast was expected');
    expect(next).toMatchObject({
      visits: 4,
      lastVisitAt: at - DAY,
      utcOffsetMinutes: null,
      horizonHours: 672,
    });
    const [hour, day, week] = next.within.map(({ probability }) => probability) as [number, number, number];
    expect(0 < hour && hour < day && day < week && week < 1).toBe(true);
    expect(next.hourly.slice(0, 24).reduce((sum, p) => sum + p, 0)).toBeCloseTo(day, 9);
    const times = next.quantiles.flatMap((one) => one.at ?? []);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    // Nobody comes back for certain, and nothing is known of a stranger but what everybody does.
    const stranger = ranker.nextSession?.(ask({}, at), [24]);
    expect(stranger?.lastVisitAt).toBeNull();
    expect(stranger?.within[0]?.probability).toBeGreaterThan(0);
  });

  it('keeps to a budget, with exact propensities, and answers with nothing where nothing fits', () => {
    const serve = (prefetchBudget: number) =>
      serveSlate(
        ranker,
        ask({ history: ['t0'], prefetchBudget }),
        12,
        compileExploration('greedy', {}),
        0,
        createRng('s'),
      );
    const ids = (budget: number): (string | undefined)[] =>
      serve(budget).items.map(({ index }) => items[index]);
    expect(ids(10_000)).toHaveLength(12);
    const some = serve(400);
    expect(some.items[0] && items[some.items[0].index]).toBe('t1');
    expect(some.items.reduce((sum, { index }) => sum + 100 + 50 * index, 0)).toBeLessThanOrEqual(400);
    expect(some.propensity).toBe(1);
    expect(serve(20)).toMatchObject({ items: [], propensity: 1 });
  });

  it('takes the single best title where small ones together are worth less', () => {
    const two = [
      { id: 'small', features: { megabytes: 1 } },
      { id: 'large', features: { megabytes: 100 } },
      { id: 'unknown', features: {} },
    ];
    expect([...withinBudget(two, Float64Array.of(0.02, 0.9, 0.5), 'megabytes', 100)]).toEqual([0, 1, 0]);
    expect([...withinBudget(two, Float64Array.of(0.02, 0.9, 0.5), 'megabytes', 101)]).toEqual([1, 1, 0]);
  });

  it('refuses a state of another shape', () => {
    const state = policy.encode(policy.fit(data, params, createRng('fit'), () => undefined)) as Record<
      string,
      never
    >;
    const hazard = { ...(state['hazard'] as unknown as object), coefficients: '' };
    expect(() => policy.decode({ ...state, hazard })).toThrow(DomainError);
  });
});

describe('the clock of a context', () => {
  it('knows zones with daylight saving, offsets and local hours', () => {
    const [winter, summer] = [Date.UTC(2026, 0, 15, 12), Date.UTC(2026, 6, 15, 12)];
    expect(offsetMinutesOf({ timeZone: 'Europe/Berlin' }, winter)).toBe(60);
    expect(offsetMinutesOf({ timeZone: 'Europe/Berlin' }, summer)).toBe(120);
    expect(offsetMinutesOf({ timeZone: 'Asia/Kolkata', hour: 3 }, summer)).toBe(330);
    expect(offsetMinutesOf({ timeZone: 'Nowhere/At-All', utcOffsetMinutes: -180 }, summer)).toBe(-180);
    expect(offsetMinutesOf({ hour: 20 }, Date.UTC(2026, 0, 1, 1, 30))).toBe(-300);
    expect(offsetMinutesOf({ hour: 1 }, Date.UTC(2026, 0, 1, 23))).toBe(120);
    expect(offsetMinutesOf({}, winter)).toBeNull();
    // A Sunday at 23:30 in Berlin.
    expect(hourOfWeek(Date.UTC(2026, 2, 1, 22, 30), 60)).toBe(23);
  });

  it('reads listed times, and what lies within the gap is one visit', () => {
    const context = { visits: ['2026-01-01T10:00:00Z', 'nonsense', '1767261600', '2030-01-01T00:00:00Z'] };
    expect(timesIn(context, 'visits', Date.UTC(2027, 0, 1))).toEqual([
      Date.UTC(2026, 0, 1, 10),
      Date.UTC(2026, 0, 1, 10),
    ]);
    expect(visitsOf([0, 10, 25, 60, 65], 30)).toEqual([0, 60]);
  });
});
