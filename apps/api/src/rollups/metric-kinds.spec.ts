import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import {
  estimatorRegistry,
  fromValues,
  metricFaults,
  needsUnits,
  quantileSummaryTest,
  restrictedMeanDifference,
} from '#metrics';
import type { Effect, MetricDefinition, Moments } from '#metrics';
import { clientEvent, decisionRecord } from '../../test/facts.js';
import { createTestDatabase } from '../../test/postgres.js';
import type { TestDatabase } from '../../test/postgres.js';
import { DAY, rawNumbers, rawUnits } from '../../test/raw-events.js';
import type { RawUnit } from '../../test/raw-events.js';
import { FactStore } from '../persistence/fact-store.js';
import { encodeDecision } from '../queues/decision-lines.js';
import { encodeEvent } from '../queues/event-lines.js';
import type { ClientEvent, DecisionRecord } from '../queues/jobs.js';
import { ReportStore } from '../reports/report-store.js';
import { matureMoments } from './daily-moments.js';
import { lastMatureDay } from './maturity.js';
import { ALL_METRICS, OWN_METRICS } from './metric-kinds.fixtures.js';
import { rollUpAll } from './roll-up-all.js';

const START = Date.UTC(2026, 4, 1);
const NOW = new Date(START + 12 * DAY);
const HOUR = 3_600_000;
const UNITS = 160;
const NAMES = [
  'play',
  'watch',
  'click',
  'search',
  'search_success',
  'session_start',
  'rating',
  'thumbs_up',
  'list_add',
  'replay',
];

type Rng = ReturnType<typeof createRng>;
const pick = <T>(rng: Rng, list: readonly T[]): T => list[rng.below(list.length)] as T;

const decisionOf = (rng: Rng, unitId: string, at: number, experiment: string, arm: string): DecisionRecord =>
  decisionRecord(unitId, at, arm, {
    experiment,
    context: {
      device: pick(rng, ['tv', 'phone', 'smart-tv']),
      ...(rng.uniform() < 0.5 ? { hour: rng.below(24) } : {}),
      ...(rng.uniform() < 0.5 ? { plan: pick(rng, ['basic', 'premium']), kids: rng.uniform() < 0.5 } : {}),
    },
    exposed: rng.uniform() < 0.15,
  });

function outcomeOf(rng: Rng, unitId: string, at: number, decisionId: string | null): ClientEvent {
  const name = pick(rng, NAMES);
  const properties = {
    ...(rng.uniform() < 0.4 ? { device: pick(rng, ['tv', 'phone']) } : {}),
    ...(rng.uniform() < 0.3 ? { hour: rng.below(24) } : {}),
    ...(rng.uniform() < 0.5 ? { speed: rng.uniform() < 0.2 ? 'fast' : rng.below(4) / 2 } : {}),
    ...(rng.uniform() < 0.5 ? { quality: pick(rng, ['hd', 'sd']) } : {}),
  };
  return clientEvent(unitId, at, {
    name,
    decisionId,
    value: name === 'watch' || name === 'rating' ? 1 + rng.below(4000) : null,
    itemId: rng.uniform() < 0.5 ? pick(rng, ['i1', 'i2']) : null,
    actionId: rng.uniform() < 0.5 ? pick(rng, ['a1', "a'; drop table event; --", 'a2']) : null,
    position: rng.uniform() < 0.5 ? rng.below(5) : null,
    properties: Object.keys(properties).length > 0 ? properties : null,
  });
}

/** Events at the very ends of windows, in steps at one instant, before exposure, about the decisions of others. */
function oddTimes(own: readonly DecisionRecord[], firstAt: number): number[] {
  const made = own[0] as DecisionRecord;
  return [
    firstAt,
    firstAt - 1,
    firstAt + 2 * DAY,
    firstAt + 2 * DAY - 1,
    firstAt + 4 * DAY,
    firstAt - 7 * DAY,
    firstAt - 7 * DAY - 1,
    made.at + 6 * HOUR,
    made.at + 6 * HOUR + 1,
    Math.floor(firstAt / DAY) * DAY + 3 * DAY,
    Math.floor(firstAt / DAY) * DAY + 5 * DAY - 1,
    firstAt + 59_999,
    firstAt + 60_000,
  ];
}

function randomFacts(): { decisions: DecisionRecord[]; events: ClientEvent[] } {
  const rng = createRng('metric-kinds');
  const decisions: DecisionRecord[] = [];
  const events: ClientEvent[] = [];
  for (let u = 0; u < UNITS; u++) {
    const unitId = `u${u}`;
    const times = Array.from({ length: 1 + rng.below(3) }, () => START + Math.floor(rng.uniform() * 9 * DAY));
    const own = times.map((at) => decisionOf(rng, unitId, at, 'x', u % 2 === 0 ? 'control' : 'treatment'));
    if (u === 11) own.push(decisionOf(rng, unitId, START + 5 * DAY, 'x', 'control'));
    const other = decisionOf(rng, unitId, START + DAY, 'other', 'control');
    decisions.push(...own, other);
    for (const made of [...own, other])
      events.push(
        clientEvent(unitId, made.at + rng.below(90_000), {
          kind: 'exposure',
          decisionId: made.id,
          properties: rng.uniform() < 0.5 ? { device: 'tv' } : null,
        }),
      );
    const firstAt = Math.min(
      ...events.filter((e) => e.unitId === unitId && e.decisionId !== other.id).map(({ at }) => at),
      ...own.filter(({ exposed }) => exposed).map(({ at }) => at),
    );
    const about = (): string | null =>
      rng.uniform() < 0.5
        ? pick(rng, own).id
        : pick(rng, [null, other.id, (decisions[0] as DecisionRecord).id, 'no-such-decision']);
    // One unit in eight does nothing at all.
    if (u % 8 === 3) continue;
    const chosen = oddTimes(own, firstAt).filter(() => rng.uniform() < 0.4);
    for (const at of chosen) events.push(outcomeOf(rng, unitId, at, about()));
    for (let i = 0; i < 14; i++)
      events.push(outcomeOf(rng, unitId, START + Math.floor((rng.uniform() * 20 - 8) * DAY), about()));
    if (u % 5 === 0)
      for (const name of ['play', 'search_success', 'search'])
        events.push(clientEvent(unitId, firstAt + 3 * HOUR, { name, decisionId: about() }));
  }
  return { decisions, events };
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Type 7, written out. */
function quantileOf(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * p;
  const [low, high] = [sorted[Math.floor(at)] as number, sorted[Math.ceil(at)] as number];
  return low + (at - Math.floor(at)) * (high - low);
}

describe('every kind of metric, against raw events', () => {
  let db: TestDatabase;
  let units: Map<string, RawUnit>;
  let moments: Map<string, Map<string, Moments>>;

  beforeAll(async () => {
    db = await createTestDatabase();
    const { database } = db;
    await database.query(`insert into surface (key, title, kind) values ('home', 'Home', 'value')`);
    await database.query(`insert into layer (key, title, salt) values ('l', 'L', 'l')`);
    await database.query(
      `insert into metric (key, version, definition, created_by)
       select d ->> 'key', 1, d, 'test' from jsonb_array_elements($1::jsonb) d`,
      [JSON.stringify(OWN_METRICS)],
    );
    for (const [key, metrics] of [
      ['x', ALL_METRICS.map((metric) => metric.key)],
      ['other', []],
    ] as const)
      await database.query(
        `insert into experiment (key, title, surface, status, layer, layer_from, layer_to, traffic, arms, salt, secondary_metrics)
         values ($1, 'X', 'home', 'running', 'l', 0, 1, 1, '[]', 'x', $2)`,
        [key, metrics],
      );
    const facts = randomFacts();
    units = rawUnits(facts, 'x');
    const store = new FactStore(database);
    await store.insertDecisions(facts.decisions.map(encodeDecision));
    await store.insertEvents({
      count: facts.events.length,
      firstAt: Math.min(...facts.events.map(({ at }) => at)),
      lastAt: Math.max(...facts.events.map(({ at }) => at)),
      lines: facts.events.map(encodeEvent).join(''),
    });
    await rollUpAll(database, NOW);
    moments = await matureMoments(database, 'x', ALL_METRICS, NOW);
  }, 120_000);
  afterAll(() => db.drop());

  const mature = (metric: MetricDefinition, arm: string, device?: string): RawUnit[] => {
    const last = lastMatureDay(metric, NOW);
    return [...units.values()].filter(
      (unit) =>
        unit.arm === arm &&
        !unit.crossover &&
        new Date(unit.firstAt).toISOString().slice(0, 10) <= last &&
        (device === undefined || unit.attributes['device'] === device),
    );
  };
  const momentsOf = (key: string, arm: string): Moments | undefined => moments.get(key)?.get(arm);
  const compared = (key: string, kind: MetricDefinition['kind']): Effect =>
    estimatorRegistry
      .get('welch')
      .compare(momentsOf(key, 'control') as Moments, momentsOf(key, 'treatment') as Moments, {
        alpha: 0.05,
        kind,
        adjust: false,
      });
  const metricOf = (key: string): MetricDefinition =>
    ALL_METRICS.find((metric) => metric.key === key) as MetricDefinition;

  it('tests valid definitions', () => {
    expect(OWN_METRICS.flatMap((metric) => metricFaults(metric))).toEqual([]);
    expect(new Set(OWN_METRICS.map(({ kind }) => kind)).size).toBe(9);
  });

  it.each(ALL_METRICS.map((metric) => [metric.key, metric] as const))(
    'stores what %s is of every unit',
    async (key, metric) => {
      const rows = await db.database.query<{ unit_id: string; y: number; d: number; x: number }>(
        `select unit_id, y, d, x from unit_metric where experiment = 'x' and metric = $1`,
        [key],
      );
      expect(rows.length).toBe(units.size);
      const wrong = rows.flatMap((row) => {
        const raw = rawNumbers(units.get(row.unit_id) as RawUnit, metric);
        const close = (['y', 'd', 'x'] as const).every(
          (c) => Math.abs(row[c] - raw[c]) <= 1e-9 * (1 + raw[c]),
        );
        return close ? [] : [{ row, raw }];
      });
      expect(wrong).toEqual([]);
    },
  );

  it.each(OWN_METRICS.map((metric) => metric.key))('has units with and without something in %s', (key) => {
    const values = [...units.values()].map((unit) => rawNumbers(unit, metricOf(key)));
    if (key !== 'quantile-tied') expect(values.some(({ y }) => y !== 0)).toBe(true);
    expect(values.some(({ y, d }) => y === 0 || d === 0)).toBe(true);
  });

  it('merges the units of every metric that moments can tell', () => {
    for (const metric of ALL_METRICS.filter((one) => !needsUnits(one))) {
      for (const arm of ['control', 'treatment']) {
        const raw = mature(metric, arm).map((unit) => rawNumbers(unit, metric));
        const expected = fromValues(
          raw.map(({ y }) => y),
          raw.map(({ d }) => d),
          raw.map(({ x }) => x),
        );
        expect(momentsOf(metric.key, arm)?.n ?? 0).toBe(expected.n);
        momentsOf(metric.key, arm)?.mean.forEach((m, i) =>
          expect(m).toBeCloseTo(expected.mean[i] as number, 8),
        );
      }
    }
  });

  it('compares a funnel step as a ratio of those who got there', () => {
    const metric = metricOf('funnel-2');
    const shares = ['control', 'treatment'].map((arm) => {
      const raw = mature(metric, arm).map((unit) => rawNumbers(unit, metric));
      return mean(raw.map(({ y }) => y)) / mean(raw.map(({ d }) => d));
    });
    const result = compared('funnel-2', 'funnel');
    expect(result.estimate).toBeCloseTo((shares[1] as number) - (shares[0] as number), 10);
  });

  it.each(['quantile-half', 'quantile-mature', 'watch-minutes-p90'])(
    'takes the quantile of the units and its error for %s',
    (key) => {
      const metric = metricOf(key);
      const level = metric.quantile as number;
      const summaries = ['control', 'treatment'].map((arm) => {
        const values = mature(metric, arm).map((unit) => rawNumbers(unit, metric).y);
        const reach = 1.959963984540054 * Math.sqrt((level * (1 - level)) / values.length);
        return {
          n: values.length,
          nStar: values.length,
          quantile: quantileOf(values, level),
          lower: quantileOf(values, level - reach),
          upper: quantileOf(values, level + reach),
        };
      });
      const [control, treatment] = summaries as [(typeof summaries)[0], (typeof summaries)[0]];
      const result = compared(key, 'quantile');
      expect(result.estimate).toBeCloseTo(treatment.quantile - control.quantile, 8);
      const half = (s: typeof control): number => (s.upper - s.lower) / (2 * 1.959963984540054);
      expect(result.standardError).toBeCloseTo(Math.hypot(half(control), half(treatment)), 8);
      // The summary test of the library uses (n - 1) / n of that variance.
      const summary = quantileSummaryTest(control, treatment, level, { alpha: 0.05 });
      if (summary.status !== 'ok') throw new Error(summary.reason);
      expect((result.standardError ?? 0) / summary.standardError).toBeCloseTo(1, 1);
    },
  );

  it('says zero variance where ties hide the spread of a quantile', () => {
    const result = compared('quantile-tied', 'quantile');
    expect(result).toMatchObject({ status: 'undefined', reason: 'zero_variance' });
  });

  it.each(['time-to-play', 'time-to-tv-play'])('compares restricted mean times for %s', (key) => {
    const metric = metricOf(key);
    const horizon = metric.numerator.days?.[1] as number;
    const time: number[] = [];
    const event: number[] = [];
    const treated: number[] = [];
    for (const arm of ['control', 'treatment'])
      for (const unit of mature(metric, arm)) {
        const { y, d } = rawNumbers(unit, metric);
        const watched = Math.min(horizon, Math.floor((NOW.getTime() - unit.firstAt) / 60_000) / 1440);
        time.push(d === 1 && y <= watched ? y : watched);
        event.push(d === 1 && y <= watched ? 1 : 0);
        treated.push(arm === 'treatment' ? 1 : 0);
      }
    expect(event.includes(0) && event.includes(1)).toBe(true);
    const expected = restrictedMeanDifference({ time, event }, treated, horizon, 0.05);
    if (expected.status !== 'ok') throw new Error(expected.reason);
    const result = compared(key, 'time-to-event');
    expect(result.estimate).toBeCloseTo(expected.difference, 9);
    expect(result.standardError).toBeCloseTo(expected.standardError, 9);
    expect(result.control.mean).toBeCloseTo(expected.control, 9);
  });

  it('says nothing about times where nobody was watched to the end of the window', () => {
    expect(moments.get('days-without-cancellation')).toEqual(new Map());
  });

  it('caps at a quantile of the numbers other than 0 of both arms together', () => {
    const metric = metricOf('sum-capped-quantile');
    const raw = ['control', 'treatment'].map((arm) =>
      mature(metric, arm).map((unit) => rawNumbers(unit, metric)),
    );
    const cap = (side: 'y' | 'x'): number =>
      quantileOf(
        raw.flat().flatMap((one) => (one[side] === 0 ? [] : [one[side]])),
        0.8,
      );
    ['control', 'treatment'].forEach((arm, i) => {
      const own = raw[i] as (typeof raw)[0];
      const expected = fromValues(
        own.map(({ y }) => Math.min(y, cap('y'))),
        own.map(({ d }) => d),
        own.map(({ x }) => Math.min(x, cap('x'))),
      );
      const got = momentsOf(metric.key, arm) as Moments;
      expect(got.n).toBe(expected.n);
      got.mean.forEach((m, j) => expect(m / (expected.mean[j] as number)).toBeCloseTo(1, 9));
      expect(got.comoment[0] / expected.comoment[0]).toBeCloseTo(1, 9);
      expect(got.comoment[4] / expected.comoment[4]).toBeCloseTo(1, 9);
    });
  });

  it('takes quantiles and times within a segment', async () => {
    const metrics = [metricOf('quantile-half'), metricOf('time-to-play')];
    const cells = await new ReportStore(db.database).cells('x', metrics, NOW, {
      attribute: 'device',
      value: 'tv',
    });
    const values = mature(metrics[0] as MetricDefinition, 'control', 'tv').map(
      (unit) => rawNumbers(unit, metrics[0] as MetricDefinition).y,
    );
    const cell = cells.find(({ metric, arm }) => metric === 'quantile-half' && arm === 'control');
    expect(cell?.moments.n).toBe(values.length);
    expect(cell?.moments.mean[0]).toBeCloseTo(quantileOf(values, 0.5), 9);
    expect(cells.filter(({ metric }) => metric === 'time-to-play')).toHaveLength(2);
  });

  it('keeps them for the curve of the effect', async () => {
    const rows = await db.database.query<{ mean: number[] }>(
      `select mean from moments_daily where experiment = 'x' and metric = 'quantile-half' and arm = 'control'`,
    );
    expect(rows[0]?.mean[0]).toBeCloseTo(momentsOf('quantile-half', 'control')?.mean[0] as number, 9);
  });
});
