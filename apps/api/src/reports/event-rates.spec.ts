import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { sequentialPoissonRates } from '#metrics';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { clientEvent, decisionRecord } from '../../test/facts.js';
import { FactStore } from '../persistence/fact-store.js';
import { encodeDecision } from '../queues/decision-lines.js';
import { encodeEvent } from '../queues/event-lines.js';
import type { ClientEvent, DecisionRecord } from '../queues/jobs.js';
import { rollUpAll } from '../rollups/roll-up-all.js';
import type { EventRatesReport, RatePoint } from './event-rates.js';
import type { LiftReport } from './lift-reports.js';

const DAY = 86_400_000;
const START = Math.floor(Date.now() / DAY) * DAY - 12 * DAY;
const ARMS = ['control', 'b'] as const;

interface Unit {
  readonly id: string;
  readonly arm: (typeof ARMS)[number];
  readonly phase: 1 | 2;
  readonly decision: DecisionRecord;
  readonly events: readonly ClientEvent[];
}

/**
 * Two phases of four days: 9 : 1, in which few play, then 1 : 9, in which many do. Within each, b plays less than control.
 * Errors are alike in the first days of the first phase, then b has five times as many. The last control unit of a
 * day had an error before it was exposed; the first is also seen in b.
 */
function world(): Unit[] {
  const rng = createRng('event-rates');
  return Array.from({ length: 3000 }, (_, u): Unit => {
    const day = u % 8;
    const phase = day < 4 ? 1 : 2;
    const arm = (Math.floor(u / 8) % 10 === 0) === (phase === 1) ? 'b' : 'control';
    const at = START + day * DAY + Math.floor(rng.uniform() * DAY * 0.9);
    const id = `u${u}`;
    const play = (phase === 1 ? 0.2 : 0.7) - (arm === 'b' ? 0.1 : 0);
    const error = day >= 2 && arm === 'b' ? 0.2 : 0.04;
    const decision = decisionRecord(id, at, arm, {
      phase,
      exposed: true,
      armPropensity: (arm === 'b') === (phase === 1) ? 0.1 : 0.9,
    });
    const events: ClientEvent[] = [];
    const happen = (name: string, chance: number, times: number): void => {
      if (rng.uniform() >= chance) return;
      for (let i = 0; i < times; i++)
        events.push(
          clientEvent(id, at + Math.floor(rng.uniform() * 2 * DAY), { name, decisionId: decision.id }),
        );
    };
    happen('play', play, 1 + rng.below(3));
    happen('playback_error', error, 1 + rng.below(4));
    if (u % 40 === 3) events.push(clientEvent(id, at - 5000, { name: 'playback_error' }));
    return { id, arm, phase, decision, events };
  });
}

const pointsOf = ({ comparisons }: EventRatesReport): readonly RatePoint[] => comparisons[0]?.points ?? [];

function evidenceOf(events: readonly number[], weights: readonly number[]): number {
  const one = sequentialPoissonRates(events, weights, 100, 0.05);
  return one.status === 'ok' ? one.logBayesFactor : 0;
}

describe('rates of events, and reports over changed weights', () => {
  let api: TestApi;
  const units = world();
  const get = async <T>(path: string, status = 200): Promise<T> => {
    const answer = await api.request('GET', `/v1/experiments/x/${path}`);
    expect([answer.status, answer.text]).toEqual([status, expect.not.stringMatching(/NaN|Infinity/)]);
    return answer.json<T>();
  };

  beforeAll(async () => {
    api = await startTestApi();
    const { database } = api.db;
    await database.query(`insert into surface (key, title, kind) values ('home', 'Home', 'value')`);
    await database.query(`insert into layer (key, title, salt) values ('l', 'L', 'l')`);
    const armsOf = (control: number, b: number): string =>
      JSON.stringify(
        ARMS.map((key) => ({
          key,
          title: key,
          weight: key === 'control' ? control : b,
          isControl: key === 'control',
          treatment: { kind: 'value', value: key },
        })),
      );
    await database.query(
      `insert into experiment (key, title, surface, status, layer, layer_from, layer_to, traffic, arms, salt, decision_metric, secondary_metrics, started_at)
       values ('x', 'X', 'home', 'running', 'l', 0, 1, 1, $1, 'x', 'play-rate', $2, $3)`,
      [armsOf(1, 9), ['watch-minutes-p90'], new Date(START)],
    );
    for (const [phase, control, b] of [
      [1, 9, 1],
      [2, 1, 9],
    ] as const)
      await database.query(
        `insert into experiment_phase (experiment, phase, arms, started_at, traffic) values ('x', $1, $2, $3, 1)`,
        [phase, armsOf(control, b), new Date(START + (phase - 1) * 4 * DAY)],
      );
    const store = new FactStore(database);
    await store.insertDecisions(units.map(({ decision }) => encodeDecision(decision)));
    const events = units.flatMap((unit) => unit.events);
    const times = events.map(({ at }) => at);
    await store.insertEvents({
      count: events.length,
      firstAt: Math.min(...times),
      lastAt: Math.max(...times),
      lines: events.map(encodeEvent).join(''),
    });
    await rollUpAll(database, new Date());
  }, 120_000);
  afterAll(() => api.close());

  /** Units of an arm and phase that had an event since exposure by the end of a day, in plain TypeScript. */
  const having = (event: string, arm: string, phase: number, end = Infinity): number =>
    units.filter(
      (unit) =>
        unit.arm === arm &&
        unit.phase === phase &&
        unit.events.some(({ name, at }) => name === event && at >= unit.decision.at && at < end),
    ).length;

  it('counts each unit once, over time, and finds through the change of weights when errors began', async () => {
    const rates = await get<EventRatesReport>('report/rates');
    expect(rates).toMatchObject({ event: 'playback_error', baseline: 'control', step: 'day', alpha: 0.05 });
    expect(rates.events.map(({ event, harmful }) => [event, harmful])).toEqual([
      ['playback_error', true],
      ['play', false],
    ]);
    for (const { arm, units: had, exposed, times } of rates.arms) {
      expect(had).toBe(having('playback_error', arm, 1) + having('playback_error', arm, 2));
      expect(exposed).toBe(units.filter((unit) => unit.arm === arm).length);
      expect(times).toBeGreaterThan(had);
    }
    const points = pointsOf(rates);
    for (const { at, control, treatment, logEValue } of points) {
      const end = Date.parse(at) + DAY;
      const count = (arm: string, phase: number): number => having('playback_error', arm, phase, end);
      expect([control.units, treatment.units]).toEqual(ARMS.map((arm) => count(arm, 1) + count(arm, 2)));
      // Both allocations by the test of one of them; their evidence adds up.
      const evidence =
        evidenceOf([count('control', 1), count('b', 1)], [9, 1]) +
        evidenceOf([count('control', 2), count('b', 2)], [1, 9]);
      expect(logEValue).toBeCloseTo(evidence, 8);
    }
    expect(points[1]?.pValue).toBeGreaterThan(0.05);
    const last = points.at(-1) as RatePoint;
    expect(last.pValue).toBeLessThan(0.001);
    expect(last.lower).toBeGreaterThan(1);
    const shown = await get<EventRatesReport>(`report/rates?from=${points[3]?.at}&to=${points[5]?.at}`);
    expect(pointsOf(shown)).toEqual(points.slice(3, 6));
    const plays = await get<EventRatesReport>('report/rates?event=play');
    expect(pointsOf(plays).at(-1)?.ratio).toBeLessThan(1);
  });

  it('warns of it in the health of the experiment, and says what is wrong with a question', async () => {
    const { health } = await get<LiftReport>('report');
    const check = health.find(({ key }) => key === 'event-rates');
    expect(check).toMatchObject({ status: 'fail', blocks: false });
    expect(check?.explanation).toMatch(/^playback_error in b: \d\.\d\d times control’s rate/);
    for (const [query, field, words] of [
      ['event=cancel', '/event', 'must be an outcome of this experiment: playback_error, play'],
      ['baseline=z', '/baseline', 'must be an arm'],
      ['from=2026-02-02&to=2026-02-01', '/from', 'must not be after "to"'],
      ['alpha=1', '/alpha', ''],
    ] as const) {
      const problem = await get<{ errors: { pointer: string; message: string }[] }>(
        `report/rates?${query}`,
        400,
      );
      expect(problem.errors[0]?.pointer).toBe(field);
      expect(problem.errors[0]?.message).toContain(words);
    }
  });

  it('compares plays within each allocation, where all units together say the opposite', async () => {
    const { results, health, verdict } = await get<LiftReport>('report?estimator=welch&adjust=false');
    const [plays, p90] = results as [LiftReport['results'][number], LiftReport['results'][number]];
    const shareOf = (arm: string, phase: number): number => {
      const of = units.filter((unit) => unit.arm === arm && unit.phase === phase);
      return having('play', arm, phase) / of.length;
    };
    const sizes = [1, 2].map((phase) => units.filter((unit) => unit.phase === phase).length / units.length);
    const expected = [1, 2].reduce(
      (sum, phase, i) => sum + (sizes[i] ?? 0) * (shareOf('b', phase) - shareOf('control', phase)),
      0,
    );
    expect(plays.effect.estimate).toBeCloseTo(expected, 9);
    expect(plays.effect.interval?.upper).toBeLessThan(0);
    expect(plays.periods?.pooled.interval?.lower).toBeGreaterThan(0);
    expect(plays.periods?.each.map(({ period, share }) => [period, share])).toEqual([
      [1, expect.closeTo(sizes[0] ?? 0, 12)],
      [2, expect.closeTo(sizes[1] ?? 0, 12)],
    ]);
    // A quantile has no parts; it is secondary here, and named.
    expect(p90.periods).toBeNull();
    const mixed = health.find(({ key }) => key === 'mixed-allocation');
    expect(mixed).toMatchObject({ status: 'warn', blocks: false });
    expect(mixed?.explanation).toContain('Still over all units together');
    expect(verdict.kind).not.toBe('fix-first');
    const blocked = await get<LiftReport>('report?estimator=score');
    expect(blocked.verdict.kind).toBe('fix-first');
  });
});
