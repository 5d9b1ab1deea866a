import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import type { PowerAnswer } from './power.js';

const arms = [
  { key: 'control', isControl: true, weight: 1 },
  { key: 'new', weight: 1 },
];
const fixed = { metric: 'play-rate', arms, estimator: 'welch' };

describe('POST /v1/power', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
    const { database } = api.db;
    // 14 days of a surface: 900 members on the first day, 100 new ones on each day after it, all come every day.
    await database.query(`select ensure_partitions((now() - interval '15 days')::date, now()::date)`);
    await database.query(
      `insert into decision (id, at, unit_id, unit_type, surface, kind, propensity, arm_propensity, seed, reason)
       select 'd' || day || '-' || unit, now() - make_interval(days => 14 - day) + interval '1 hour', 'u' || unit, 'member', 'home', 'value',
              1, 1, 's', 'test'
         from generate_series(0, 13) day, lateral generate_series(1, 900 + 100 * day) unit`,
    );
    const created = await api.request('POST', '/v1/surfaces', {
      body: { key: 'home', title: 'Home', kind: 'value' },
    });
    if (created.status >= 300) throw new Error(created.text);
    const layer = await api.request('POST', '/v1/layers', { body: { key: 'l', title: 'L' } });
    if (layer.status >= 300) throw new Error(layer.text);
    const experiment = await api.request('POST', '/v1/experiments', {
      body: {
        key: 'earlier',
        title: 'Earlier one',
        surface: 'home',
        unitType: 'member',
        layer: 'l',
        arms: arms.map((arm) => ({
          isControl: false,
          ...arm,
          title: arm.key,
          treatment: { kind: 'value', value: arm.key },
        })),
        decisionMetric: 'play-rate',
      },
    });
    if (experiment.status >= 300) throw new Error(experiment.text);
    await database.query(
      `insert into moments_cohort (experiment, metric, arm, entered_on, n, mean_y, mean_d, mean_x, yy, dd, xx, yd, yx, dx, non_zero)
       values ('earlier', 'play-rate', 'control', '2026-01-05', 1000, 0.3, 1, 0, 210, 0, 0, 0, 0, 0, 300)`,
    );
  });
  afterAll(() => api.close());
  const ask = (body: unknown) => api.request('POST', '/v1/power', { body, key: api.keys.secret });
  const plan = async (body: unknown): Promise<PowerAnswer> => {
    const answer = await ask(body);
    expect([answer.status, answer.text.slice(0, answer.status === 200 ? 0 : 500)]).toEqual([200, '']);
    return answer.json<PowerAnswer>();
  };

  it('gives published sizes for a guess, and says that it is one', async () => {
    const answer = await plan({ ...fixed, guess: { mean: 0.1 }, minimumLift: 0.05 });
    expect(answer).toMatchObject({
      status: 'ok',
      baseline: { source: 'guess', mean: 0.1 },
      size: { unitsPerArm: [57_760, 57_760], totalUnits: 115_520 },
      fixed: { price: 1 },
      days: null,
      missing: ['guess.unitsPerDay'],
    });
    const timed = await plan({ ...fixed, guess: { mean: 0.1, unitsPerDay: 10_000 } });
    expect(timed).toMatchObject({ days: 12, traffic: { source: 'guess' }, missing: [] });
  });

  it('asks for a guess where there is no history, and never answers with nothing', async () => {
    expect(await plan({ ...fixed, surface: 'nowhere' })).toMatchObject({
      status: 'needs-guess',
      missing: ['guess.mean'],
      size: null,
      days: null,
    });
    expect(await plan({ ...fixed, metric: 'watch-minutes', guess: { mean: 40 } })).toMatchObject({
      status: 'needs-guess',
      missing: ['guess.standardDeviation'],
    });
  });

  it('takes baseline and traffic from what the surface has seen: distinct units, not users times days', async () => {
    const answer = await plan({ ...fixed, surface: 'home', minimumLift: 0.5, days: 14 });
    expect(answer.baseline).toMatchObject({
      source: 'history',
      experiment: { key: 'earlier', title: 'Earlier one' },
      units: 1000,
      mean: 0.3,
    });
    expect(answer.traffic?.cumulativeUnits).toEqual(Array.from({ length: 14 }, (_, i) => 900 + 100 * i));
    // 0.30 to 0.45: (1.96 + 0.84)^2 (0.21 + 0.2475) / 0.15^2 = 159.6 an arm: one day.
    expect(answer.size?.unitsPerArm).toEqual([160, 160]);
    expect(answer.days).toBe(1);
    expect(answer.reverse).toMatchObject({ days: 14, units: 2200 });
    const back = await plan({ ...fixed, surface: 'home', minimumLift: answer.reverse?.lift ?? NaN });
    expect(back.days).toBe(14);
    const lifts = answer.curve.map(({ lift }) => lift ?? Infinity);
    expect([...lifts].sort((a, b) => b - a)).toEqual(lifts);
    const ramp = await plan({ ...fixed, surface: 'home', minimumLift: 0.5, ramp: { share: 0.1, days: 3 } });
    expect(ramp.days).toBe(4);
  });

  it('computes the price of peeking, and shares the error among comparisons', async () => {
    const sequential = await plan({ metric: 'play-rate', arms, guess: { mean: 0.1 } });
    expect(sequential.estimator).toBe('asymptotic-cs');
    expect(sequential.fixed?.price).toBeGreaterThan(1.3);
    expect(sequential.fixed?.totalUnits).toBe(115_520);
    const three = await plan({
      ...fixed,
      arms: [...arms, { key: 'third', weight: 1 }],
      guess: { mean: 0.1 },
    });
    expect(three).toMatchObject({ comparisons: 2, alphaPerComparison: 0.025 });
    expect(three.size?.unitsPerArm[0]).toBeGreaterThan(57_760);
    const looks = await plan({ ...fixed, estimator: 'group-sequential', looks: 5, guess: { mean: 0.1 } });
    expect(looks.fixed?.price).toBeGreaterThan(1.01);
    expect(looks.fixed?.price).toBeLessThan(1.1);
  });

  it('says which field is wrong', async () => {
    const problem = async (body: unknown) => {
      const answer = await ask(body);
      return [answer.status, JSON.stringify(answer.json())];
    };
    expect(await problem({ ...fixed, metric: 'nothing' })).toEqual([400, expect.stringContaining('/metric')]);
    expect(await problem({ ...fixed, guess: { mean: 2 } })).toEqual([
      400,
      expect.stringContaining('/guess/mean'),
    ]);
    expect(await problem({ ...fixed, estimator: 'group-sequential', guess: { mean: 0.1 } })).toEqual([
      400,
      expect.stringContaining('/looks'),
    ]);
    const two = arms.map((arm) => ({ ...arm, isControl: true }));
    expect(await problem({ ...fixed, arms: two })).toEqual([400, expect.stringContaining('/arms')]);
  });
});
