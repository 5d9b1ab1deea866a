import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import {
  coxRegression,
  countRetention,
  kaplanMeier,
  logRankTest,
  restrictedMeanDifference,
  survivalAt,
  unpooledProportionTest,
} from '#metrics';
import type { RetentionRule } from '#metrics';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { seedExperiment, seedOutcomes, seedUnits } from '../../test/seed-facts.js';
import type { SeededOutcome, SeededUnit } from '../../test/seed-facts.js';
import type { RetentionReport } from './retention-curve.js';
import type { ExperimentSurvival } from './survival.js';

const DAY = 86_400_000;
/** Facts older than 400 days do not count, so the world lies a while before today. */
const START = (Math.floor(Date.now() / DAY) - 120) * DAY;
/** In the middle of a day. */
const AS_OF = START + 45.6 * DAY;
const ARMS = ['control', 'rows', 'art'];

interface World {
  readonly units: readonly SeededUnit[];
  readonly outcomes: readonly SeededOutcome[];
}

/** 900 units over 48 days (some after AS_OF), activity that fades, cancellations before, on and after exposure. */
function world(): World {
  const rng = createRng('retention-spec');
  const outcomes: SeededOutcome[] = [];
  const units = Array.from({ length: 900 }, (_, i): SeededUnit => {
    const unitId = `u${i}`;
    const firstAt = START + Math.floor(rng.uniform() * 48 * DAY);
    const arm = ARMS[i % 3] as string;
    const cancels = rng.below(3) === 0 ? 1 + rng.below(3) : 0;
    for (let n = 0; n < cancels; n++) {
      const at = firstAt + Math.floor((rng.uniform() * 40 - 3) * DAY);
      outcomes.push({ unitId, name: 'cancel', at });
    }
    if (i % 50 === 1) outcomes.push({ unitId, name: 'cancel', at: firstAt + (i % 4) * DAY });
    outcomes.push({ unitId, name: 'play', at: firstAt + Math.floor(rng.uniform() * 10 * DAY) });
    const back = arm === 'rows' ? 0.8 : 0.65;
    const activeDays = Array.from({ length: 63 }, (__, day) => day).filter(
      (day) => rng.uniform() < back / (1 + day / 6),
    );
    return { unitId, arm, firstAt, activeDays, crossover: i % 40 === 0 };
  });
  return { units, outcomes };
}

describe('retention and survival over HTTP, from seeded rollups and events', () => {
  let api: TestApi;
  const { units, outcomes } = world();
  const counted = units.filter(({ crossover, firstAt }) => crossover !== true && firstAt <= AS_OF);
  const asOf = encodeURIComponent(new Date(AS_OF).toISOString());

  beforeAll(async () => {
    api = await startTestApi();
    await seedExperiment(api.db, 'x', ARMS, START);
    await seedExperiment(api.db, 'empty', ARMS, START);
    await seedUnits(api.db, 'x', units);
    await seedOutcomes(api.db, outcomes);
  });
  afterAll(() => api.close());

  async function get<T>(path: string): Promise<T> {
    const answer = await api.request('GET', `/v1/experiments/${path}`, { key: api.keys.secret });
    if (answer.status !== 200) throw new Error(answer.text);
    return answer.json<T>();
  }

  describe('retention', () => {
    const dayOf = (at: number): number => Math.floor(at / DAY);
    const dataEnd = dayOf(AS_OF) - 1;
    const rules: Record<RetentionReport['kind'], readonly RetentionRule[]> = {
      day: Array.from({ length: 28 }, (_, i) => ({ day: i + 1, kind: 'exact' })),
      rolling: Array.from({ length: 28 }, (_, i) => ({ day: i + 1, kind: 'rolling' })),
      window: [1, 8, 15, 22].map((day) => ({ day, kind: 'window', windowEnd: day + 6 })),
    };

    function bruteForce(arm: string, rule: RetentionRule) {
      const known = counted
        .filter((unit) => unit.arm === arm)
        .map(({ firstAt, activeDays = [] }) => ({
          exposureDay: dayOf(firstAt),
          activeDays: activeDays.map((day) => dayOf(firstAt) + day).filter((day) => day <= dataEnd),
        }));
      return { ...countRetention(known, rule, dataEnd), enrolled: known.length };
    }

    it.each(['day', 'rolling', 'window'] as const)(
      'by %s counts what brute force over the units counts',
      async (kind) => {
        const report = await get<RetentionReport>(`x/report/retention?kind=${kind}&asOf=${asOf}`);
        expect(report.arms.map(({ arm }) => arm)).toEqual(ARMS);
        for (const { arm, points } of report.arms) {
          expect(points).toHaveLength(rules[kind].length);
          points.forEach((point, i) => {
            const want = bruteForce(arm, rules[kind][i] as RetentionRule);
            expect(point).toMatchObject({
              day: rules[kind][i]?.day,
              matured: want.eligible,
              enrolled: want.enrolled,
              retained: want.retained,
            });
          });
          expect(points[0]?.matured).toBeGreaterThan(points.at(-1)?.matured ?? 0);
        }
      },
    );

    it('has Wilson bands, and lifts by the estimator that is asked for', async () => {
      const report = await get<RetentionReport>(`x/report/retention?asOf=${asOf}&estimator=welch&alpha=0.1`);
      const [control, rows] = report.arms.map(({ points }) => points[6]);
      if (!control || !rows) throw new Error('no day 7');
      // Wilson's roots: (p - s)^2 = z^2 s (1 - s) / n at both ends.
      const p = control.retained / control.matured;
      for (const end of [control.lower as number, control.upper as number])
        expect((p - end) ** 2).toBeCloseTo((1.6448536269514722 ** 2 * end * (1 - end)) / control.matured, 12);
      const effect = report.lifts[0]?.points[6]?.effect;
      const want = unpooledProportionTest(
        { n: control.matured, successes: control.retained },
        { n: rows.matured, successes: rows.retained },
        { alpha: 0.1, alternative: 'two-sided' },
      );
      if (want.status !== 'ok') throw new Error(want.reason);
      expect(effect).toMatchObject({ status: 'ok', estimator: 'welch', adjusted: false });
      expect(effect?.estimate).toBeCloseTo(rows.retained / rows.matured - p, 12);
      // s^2 / n of zeros and ones has n - 1 where p (1 - p) / n has n.
      expect(effect?.standardError).toBeCloseTo(want.standardError, 3);
      const day = (n: number): string => new Date(START + n * DAY).toISOString().slice(0, 10);
      expect(report.window).toEqual({ from: day(0), to: day(45), activityThrough: day(44) });
    });

    it('answers an experiment without units with zeros and reasons', async () => {
      const report = await get<RetentionReport>('empty/report/retention?kind=window');
      expect(report.arms[0]?.points[0]).toEqual({
        day: 1,
        through: 7,
        matured: 0,
        enrolled: 0,
        retained: 0,
        share: null,
        lower: null,
        upper: null,
      });
      expect(report.lifts[0]?.points[0]?.effect).toMatchObject({ status: 'undefined', estimate: null });
      expect(report.window.from).toBeNull();
    });
  });

  describe('survival', () => {
    /** One entry per unit, straight from the definition. */
    function followUp(event: string, arms: readonly string[], asOfTime = AS_OF) {
      const own = units.filter(
        ({ arm, crossover, firstAt }) => arms.includes(arm) && crossover !== true && firstAt <= asOfTime,
      );
      const ends = own.map(({ unitId, firstAt }) => {
        const followed = Math.floor((asOfTime - firstAt) / DAY);
        const days = outcomes
          .filter((one) => one.unitId === unitId && one.name === event && one.at >= firstAt)
          .map(({ at }) => Math.floor((at - firstAt) / DAY) + 1);
        const first = Math.min(...days);
        return first <= followed ? { time: first, event: 1 } : { time: followed, event: 0 };
      });
      return {
        follow: { time: ends.map(({ time }) => time), event: ends.map(({ event: e }) => e) },
        group: own.map(({ arm }) => arms.indexOf(arm)),
      };
    }

    it.each(['cancel', 'play'])('of %s is that of the units one by one', async (event) => {
      const report = await get<ExperimentSurvival>(`x/survival?event=${event}&asOf=${asOf}`);
      expect(report.events).toBeGreaterThan(100);
      for (const one of report.arms) {
        const { follow } = followUp(event, [one.arm]);
        const km = kaplanMeier(follow);
        if (km.status !== 'ok') throw new Error(km.reason);
        expect([one.units, one.days.length - 1]).toEqual([km.curve.units, km.curve.lastTime]);
        for (const day of one.days) {
          expect(day.survival).toBeCloseTo(survivalAt(km.curve, day.day).survival, 12);
          expect(day.atRisk).toBe(Array.from(follow.time).filter((t) => t >= day.day).length);
        }
      }
      const all = followUp(event, ARMS);
      expect(report.logRank).toMatchObject({ df: 2 });
      const chi2 = (result: unknown): number => (result as { chi2: number }).chi2;
      expect(chi2(report.logRank)).toBeCloseTo(chi2(logRankTest(all.follow, all.group)), 8);
      for (const { arm, restrictedMean, cox, logRank } of report.comparisons) {
        const { follow, group } = followUp(event, ['control', arm]);
        const mean = restrictedMeanDifference(follow, group, report.tau ?? 0, 0.05);
        const fit = coxRegression(follow, group, { alpha: 0.05 });
        if (mean.status !== 'ok' || fit.status !== 'ok') throw new Error('no reference');
        if (restrictedMean.status !== 'ok' || cox.status !== 'ok') throw new Error('no result');
        expect(restrictedMean.difference).toBeCloseTo(mean.difference, 10);
        expect(restrictedMean.lower).toBeCloseTo(mean.lower, 10);
        expect(cox.hazardRatio).toBeCloseTo(fit.hazardRatio, 8);
        expect(chi2(logRank)).toBeCloseTo(chi2(logRankTest(follow, group)), 8);
      }
    });

    it('states the horizon: the last day with ten at risk in every arm', async () => {
      const { tau, tauRule, arms } = await get<ExperimentSurvival>(`x/survival?asOf=${asOf}`);
      const last = arms.map(({ days }) => Math.max(...days.filter((d) => d.atRisk >= 10).map((d) => d.day)));
      expect(tau).toBe(Math.min(...last));
      expect(tauRule).toContain('10 units at risk');
      const asked = await get<ExperimentSurvival>(`x/survival?asOf=${asOf}&tau=14`);
      expect(asked).toMatchObject({ tau: 14, tauRule: 'as asked for' });
      expect(asked.comparisons[0]?.restrictedMean).toMatchObject({ status: 'ok' });
    });

    it('follows a stopped experiment as long as its metrics are open', async () => {
      await api.db.database.query(`update experiment set stopped_at = $1 where key = 'x'`, [
        new Date(START + 5 * DAY),
      ]);
      const report = await get<ExperimentSurvival>('x/survival');
      expect(report.asOf).toBe(new Date(START + 40 * DAY).toISOString());
      const { follow } = followUp('cancel', ['control'], START + 40 * DAY);
      expect(report.arms[0]).toMatchObject({
        units: follow.time.length,
        events: follow.event.filter((event) => event === 1).length,
      });
      await api.db.database.query(`update experiment set stopped_at = null where key = 'x'`);
    });

    it('answers where nothing happened, and says so', async () => {
      const report = await get<ExperimentSurvival>(`x/survival?event=rating&asOf=${asOf}`);
      expect(report).toMatchObject({ events: 0, logRank: { status: 'undefined', reason: 'no_events' } });
      expect(await get('empty/survival')).toMatchObject({ units: 0, tau: null, window: { from: null } });
    });
  });

  it.each([
    ['report/retention?kind=monthly', '/kind'],
    ['report/retention?asOf=2999-01-01', '/asOf'],
    ['report/retention?alpha=1', '/alpha'],
    ['report/retention?baseline=nobody', '/baseline'],
    ['report/retention?estimator=guess', '/estimator'],
    ['survival?event=Not%20A%20Name', '/event'],
    ['survival?tau=0', '/tau'],
    ['survival?baseline=nobody', '/baseline'],
    ['survival?events=cancel', '/events'],
    ['forecast?day=7', '/day'],
    ['forecast?baseline=nobody', '/baseline'],
  ])('%s is a problem that names %s', async (path, pointer) => {
    const answer = await api.request('GET', `/v1/experiments/x/${path}`, { key: api.keys.secret });
    expect(answer.status).toBe(400);
    expect(answer.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer).toBe(pointer);
  });

  it.each(['report/retention', 'survival', 'forecast'])('%s of no experiment is not found', async (path) => {
    expect((await api.request('GET', `/v1/experiments/nobody/${path}`)).status).toBe(404);
    const answer = await api.request('GET', `/v1/experiments/x/${path}`, { key: api.keys.publishable });
    expect(answer.status).toBe(403);
  });
});
