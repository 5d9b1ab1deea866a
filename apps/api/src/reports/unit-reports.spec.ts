import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { Rng } from '#experiments';
import {
  EMPTY_MOMENTS,
  estimatorRegistry,
  fromValues,
  merge,
  metricRegistry,
  novelty,
  sampleQuantile,
} from '#metrics';
import type { DayMoments, Moments, SegmentScan } from '#metrics';
import { clientEvent, decisionRecord } from '../../test/facts.js';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { FactStore } from '../persistence/fact-store.js';
import { encodeDecision } from '../queues/decision-lines.js';
import { encodeEvent } from '../queues/event-lines.js';
import type { ClientEvent, DecisionRecord } from '../queues/jobs.js';
import { rollUpAll } from '../rollups/roll-up-all.js';
import type { Distribution } from './distribution.js';
import type { LiftReport } from './lift-reports.js';
import type { NoveltyReport } from './novelty-report.js';
import { ReportStore } from './report-store.js';
import type { SegmentScanReport } from './segment-scan.js';
import { Trends } from './trends.js';
import { segmentAttributes, segmentCells } from './unit-reads.js';
import { FURTHER, OWN_METRICS } from './unit-reports.fixtures.js';

const DAY = 86_400_000;
const NOW = Date.now();
const START = Math.floor(NOW / DAY) * DAY - 20 * DAY;
const ARMS = ['control', 'b', 'c'] as const;
const METRICS = ['watch-minutes', 'click-through', 'completion', 'retention-day-7'] as const;
const DEVICES = ['tv', 'phone', 'web'];

interface Unit {
  readonly id: string;
  readonly arm: string;
  readonly firstAt: number;
  readonly crossover: boolean;
  readonly context: Record<string, string>;
  readonly events: ClientEvent[];
  readonly exposures: { readonly id: string; readonly at: number }[];
}

/** Nine days of a unit. */
function eventsOf(
  rng: Rng,
  { id, arm, firstAt }: Pick<Unit, 'id' | 'arm' | 'firstAt'>,
  made: readonly DecisionRecord[],
): ClientEvent[] {
  const events: ClientEvent[] = [];
  for (let day = 0; day < 9; day++) {
    const at = (): number => firstAt + Math.floor((day + rng.uniform()) * DAY);
    const chance = arm === 'b' ? 0.9 - 0.06 * day : 0.45;
    for (let i = 0; i < 2; i++) {
      if (rng.uniform() > chance) continue;
      events.push(clientEvent(id, at(), { name: 'watch', value: 60 * (1 + rng.below(40)) }));
      events.push(clientEvent(id, at(), { name: 'play', properties: { speed: i + 1 } }));
      if (rng.uniform() < 0.5) events.push(clientEvent(id, at(), { name: 'complete' }));
    }
    if (rng.uniform() < 0.3)
      events.push(
        clientEvent(id, at(), { name: 'click', decisionId: made[rng.below(made.length)]?.id ?? null }),
      );
  }
  return events;
}

/** 900 units that enter on twelve days; b's lift fades by the day, and b has more televisions than the others. */
function world(): { units: Unit[]; decisions: DecisionRecord[] } {
  const rng = createRng('unit-reports-2');
  const decisions: DecisionRecord[] = [];
  const units = Array.from({ length: 900 }, (_, u): Unit => {
    const id = `u${u}`;
    const arm = ARMS[u % 3] as string;
    const firstAt = START + Math.floor(rng.uniform() * 12 * DAY);
    const device = arm === 'b' && rng.uniform() < 0.4 ? 'tv' : (DEVICES[rng.below(3)] as string);
    const context = { device, ...(u % 2 === 0 ? { town: `t${rng.below(14)}` } : {}), same: 'yes' };
    const made = [firstAt, firstAt + rng.below(6 * DAY)].map((at) =>
      decisionRecord(id, at, arm, { context, exposed: true }),
    );
    if (u % 100 === 7)
      made.push(decisionRecord(id, firstAt + DAY, arm === 'b' ? 'c' : 'b', { context, exposed: true }));
    decisions.push(...made);
    const events = eventsOf(rng, { id, arm, firstAt }, made);
    const kept = events.filter((one) => one.at < NOW);
    return {
      id,
      arm,
      firstAt,
      crossover: made.length > 2,
      context,
      events: kept,
      exposures: made.filter((one) => one.at < NOW).map(({ id: of, at }) => ({ id: of, at })),
    };
  });
  return { units, decisions: decisions.filter((made) => made.at < NOW) };
}

const count = (unit: Unit, name: string, from = 0, to = Infinity): number =>
  unit.events.filter((one) => one.name === name && inDays(unit, one.at, from, to)).length;
const minutes = (unit: Unit, from = 0, to = Infinity): number =>
  unit.events
    .filter((one) => one.name === 'watch' && inDays(unit, one.at, from, to))
    .reduce((sum, { value }) => sum + (value ?? 0) / 60, 0);
const inDays = (unit: Unit, at: number, from: number, to: number): boolean =>
  at >= unit.firstAt + from * DAY && at < unit.firstAt + to * DAY;
const isMature = (unit: Unit, days: number): boolean =>
  days === 0 || Math.floor(unit.firstAt / DAY) + days <= Math.floor(NOW / DAY);
const returned = (unit: Unit): number =>
  unit.events.some(
    (one) => one.name === 'play' && Math.floor(one.at / DAY) - Math.floor(unit.firstAt / DAY) === 7,
  )
    ? 1
    : 0;

/** Moments of some units in plain TypeScript. */
function momentsOf(units: readonly Unit[], metric: string): Moments {
  const zero = units.map(() => 0);
  if (metric === 'watch-minutes')
    return fromValues(
      units.map((unit) => minutes(unit)),
      undefined,
      zero,
    );
  if (metric === 'retention-day-7')
    return fromValues(units.filter((unit) => isMature(unit, 8)).map(returned), undefined);
  if (metric === 'completion')
    return fromValues(
      units.map((unit) => count(unit, 'complete')),
      units.map((unit) => count(unit, 'play')),
    );
  return fromValues(
    units.map((unit) => unit.events.filter((one) => one.name === 'click').length),
    units.map((unit) => unit.exposures.length),
  );
}

/** Compares one arm's histogram and quantiles with its units. */
function expectDistribution(
  { metric, edges }: Distribution,
  got: Distribution['arms'][number],
  members: readonly Unit[],
): void {
  const valueOf = (unit: Unit): number =>
    metric === 'completion' ? count(unit, 'complete') / count(unit, 'play') : minutes(unit);
  const values = Float64Array.from(members.map(valueOf).filter((value) => !Number.isNaN(value))).sort();
  expect(got.n).toBe(values.length);
  expect(got.without).toBe(members.length - values.length);
  expect(got.zeros).toBe(values.filter((value) => value === 0).length);
  expect(got.counts.reduce((sum, n) => sum + n, got.tail)).toBe(values.length);
  for (const { level, value } of got.quantiles) expect(value).toBeCloseTo(sampleQuantile(values, level), 9);
  edges.slice(0, -1).forEach((edge, i) => {
    const last = i === edges.length - 2;
    const next = edges[i + 1] as number;
    const inside = values.filter((value) => value >= edge && (value < next || (last && value === next)));
    expect(got.counts[i]).toBe(inside.length);
  });
}

const clicked = (unit: Unit): number => Math.min(1, count(unit, 'click'));

function completedAfterClick({ events }: Unit): number {
  const first = Math.min(...events.filter(({ name }) => name === 'click').map(({ at }) => at));
  return events.some(({ name, at }) => name === 'complete' && at >= first) ? 1 : 0;
}

const decidedAt = (unit: Unit, { decisionId }: ClientEvent): number =>
  unit.exposures.find(({ id }) => id === decisionId)?.at ?? Infinity;

function speedOf({ properties }: ClientEvent): number {
  return Number((properties as { readonly speed?: number } | null)?.speed ?? 0);
}

const today = (): string => new Date().toISOString();

/** What one event adds to a metric, in plain TypeScript. */
const FILTERED: Readonly<Record<string, (one: ClientEvent, unit: Unit) => number>> = {
  'tv-watch-minutes': ({ name, value }, unit) =>
    name === 'watch' && unit.context['device'] === 'tv' ? (value ?? 0) / 60 : 0,
  'evening-watch-minutes': ({ name, value, at }) =>
    name === 'watch' && new Date(at).getUTCHours() >= 18 ? (value ?? 0) / 60 : 0,
  'fast-plays': (one) => (speedOf(one) === 2 ? 1 : 0),
  speeds: speedOf,
  'soon-clicks': (one, unit) => {
    const after = one.at - decidedAt(unit, one);
    return one.name === 'click' && after >= 0 && after <= 36 * 3_600_000 ? 1 : 0;
  },
};

describe('reports over units', () => {
  let api: TestApi;
  let units: Unit[];
  const clean = (arm: string, more: (unit: Unit) => boolean = () => true): Unit[] =>
    units.filter((unit) => unit.arm === arm && !unit.crossover && more(unit));
  const get = async <T>(path: string): Promise<T> => {
    const answer = await api.request('GET', `/v1/experiments/x/${path}`);
    if (answer.status !== 200) throw new Error(answer.text);
    expect(answer.text).not.toMatch(/NaN|Infinity/);
    return answer.json<T>();
  };

  beforeAll(async () => {
    api = await startTestApi();
    const { database } = api.db;
    await database.query(`insert into surface (key, title, kind) values ('home', 'Home', 'value')`);
    await database.query(`insert into layer (key, title, salt) values ('l', 'L', 'l')`);
    await database.query(
      `insert into experiment (key, title, surface, status, layer, layer_from, layer_to, traffic, arms, salt, decision_metric, secondary_metrics, started_at)
       values ('x', 'X', 'home', 'running', 'l', 0, 1, 1, $1, 'x', $2, $3, $4)`,
      [
        JSON.stringify(
          ARMS.map((key) => ({
            key,
            title: key,
            weight: 1,
            isControl: key === 'control',
            treatment: { kind: 'value', value: key },
          })),
        ),
        METRICS[0],
        METRICS.slice(1),
        new Date(START),
      ],
    );
    const made = world();
    units = made.units;
    const store = new FactStore(database);
    await store.insertDecisions(made.decisions.map(encodeDecision));
    const events = units.flatMap((unit) => unit.events);
    await store.insertEvents({
      count: events.length,
      firstAt: Math.min(...events.map(({ at }) => at)),
      lastAt: Math.max(...events.map(({ at }) => at)),
      lines: events.map(encodeEvent).join(''),
    });
    await rollUpAll(database, new Date(NOW));
    // As autovacuum does in time; without, the reports look up each event in every day.
    await database.query('analyze');
  }, 120_000);
  afterAll(() => api.close());

  it('scans every segment as plain TypeScript over the raw facts does', async () => {
    const scan = await get<SegmentScan>('segments/scan?estimator=welch');
    expect(scan.exploratory).toBe(true);
    // Most covering attribute first; "same" tells nobody apart; of fourteen towns the ten most frequent.
    expect(scan.attributes.map(({ attribute, values }) => [attribute, values.length])).toEqual([
      ['device', 3],
      ['town', 10],
    ]);
    expect(scan.cells.length).toBe(13 * METRICS.length * 2);
    const welch = estimatorRegistry.get('welch');
    for (const cell of scan.cells) {
      const of = (arm: string): Moments =>
        momentsOf(
          clean(arm, (unit) => unit.context[cell.attribute] === cell.value),
          cell.metric,
        );
      const expected = welch.compare(of('control'), of(cell.arm), {
        alpha: 0.05,
        adjust: true,
        kind: metricRegistry.get(cell.metric).kind,
      });
      expect([cell.effect.control.n, cell.effect.treatment.n]).toEqual([
        expected.control.n,
        expected.treatment.n,
      ]);
      expect(cell.effect.estimate).toBeCloseTo(expected.estimate as number, 9);
      expect(cell.effect.standardError).toBeCloseTo(expected.standardError as number, 9);
    }
    const towns = scan.attributes.find(({ attribute }) => attribute === 'town');
    const known = clean('b', (unit) => unit.context['town'] !== undefined).length;
    const listed = towns?.values.reduce((sum, one) => sum + (one.units['b'] ?? 0), 0) ?? 0;
    expect(listed + (towns?.otherUnits['b'] ?? 0)).toBe(known);
  });

  it('gives the same cells where units are of too many kinds to be added up by kind', async () => {
    const { database } = api.db;
    const attributes = await segmentAttributes(database, 'x');
    const nobody = Array.from({ length: 4 }, (_, a) => ({
      attribute: `none${a}`,
      values: Array.from({ length: 10 }, (__, v) => ({ value: `v${v}`, units: {} })),
      otherUnits: {},
    }));
    const metrics = METRICS.map((key) => metricRegistry.get(key));
    const read = async (more: typeof nobody) => {
      const cells = await segmentCells(database, 'x', metrics, [...attributes, ...more], new Date(NOW));
      const whole = new Map<string, Moments>();
      for (const { attribute, value, metric, arm, moments } of cells) {
        const key = [attribute, value, metric, arm].join('/');
        whole.set(key, merge(whole.get(key) ?? EMPTY_MOMENTS, moments));
      }
      return { parts: cells.length, whole };
    };
    const [byKind, bySegment] = [await read([]), await read(nobody)];
    expect(bySegment.parts).toBe(bySegment.whole.size);
    expect(byKind.parts).toBeGreaterThan(byKind.whole.size);
    expect([...byKind.whole.keys()].sort()).toEqual([...bySegment.whole.keys()].sort());
    for (const [key, { n, mean, comoment }] of byKind.whole) {
      expect(bySegment.whole.get(key)?.n).toBe(n);
      mean.forEach((value, i) => expect(bySegment.whole.get(key)?.mean[i]).toBeCloseTo(value, 9));
      comoment.forEach((value, i) => expect(bySegment.whole.get(key)?.comoment[i]).toBeCloseTo(value, 5));
    }
  });

  it('scans at planned looks and with a prior, and shrinks in units of the metric', async () => {
    const looks = await get<SegmentScan>(
      'segments/scan?estimator=group-sequential&looks=2&plannedUnits=900&spending=pocock',
    );
    const large = looks.cells.filter(({ tooFew, metric }) => !tooFew && metric === 'watch-minutes');
    expect(large.length).toBeGreaterThan(5);
    expect(large.map(({ effect }) => effect.reason)).toEqual(large.map(() => null));
    const flat = await get<SegmentScan>('segments/scan?estimator=bayesian');
    const prior = await get<SegmentScan>('segments/scan?estimator=bayesian&priorLiftSd=0.01');
    const widths = [flat, prior].map(({ cells }) => cells[0]?.effect.standardError ?? NaN);
    expect(widths[1]).toBeLessThan(0.5 * (widths[0] ?? NaN));
    // Shrinkage is made of the segments' own effects, whatever the estimator.
    expect(prior.cells.map(({ shrunken }) => shrunken)).toEqual(looks.cells.map(({ shrunken }) => shrunken));
    expect(prior.cells.filter(({ shrunken }) => shrunken !== null).length).toBeGreaterThan(5);
  });

  it('corrects over the whole table, and says that the arms have different mixes', async () => {
    const scan = await get<SegmentScan>('segments/scan?estimator=welch');
    const tested = scan.cells.filter(({ pValue }) => pValue !== null);
    expect(scan.tests.cells).toBe(tested.length);
    // Benjamini and Hochberg by their definition: the least p m / rank among ranks from here up.
    const sorted = tested.map(({ pValue }) => pValue as number).sort((a, b) => a - b);
    for (const { pValue, qValue } of tested) {
      const from = sorted.indexOf(pValue as number);
      const expected = Math.min(...sorted.slice(from).map((p, i) => (p * sorted.length) / (from + i + 1)));
      expect(qValue).toBeCloseTo(Math.min(1, expected), 12);
    }
    expect(
      scan.cells.every(
        ({ tooFew, effect }) => tooFew === Math.min(effect.control.n, effect.treatment.n) < 50,
      ),
    ).toBe(true);
    expect(scan.imbalances.map(({ attribute, value }) => [attribute, value])).toEqual([['device', 'tv']]);
    const share = (arm: string): number =>
      clean(arm, (unit) => unit.context['device'] === 'tv').length / clean(arm).length;
    expect(scan.imbalances[0]?.shares['b']).toBeCloseTo(share('b'), 12);
    expect(scan.imbalances[0]?.note).toContain(`${(share('b') * 100).toFixed(1)} % of b`);
  });

  it('gives the distribution of a metric with bins that the arms share', async () => {
    for (const metric of ['watch-minutes', 'completion']) {
      const found = await get<Distribution>(`distribution?metric=${metric}`);
      for (const arm of found.arms) expectDistribution(found, arm, clean(arm.arm));
      expect(found.arms.map(({ arm }) => arm).sort()).toEqual([...ARMS].sort());
    }
    const whole = await get<Distribution>('distribution');
    // Whole minutes get bins of whole width, and the tail beyond the 99th percentile is counted apart.
    expect(whole.edges.every(Number.isInteger)).toBe(true);
    const all = units.filter(({ crossover }) => !crossover).map((unit) => minutes(unit));
    expect(whole.tail?.largest).toBe(Math.max(...all));
  });

  it.each([
    ['watch-minutes', (unit: Unit, day: number) => [minutes(unit, day, day + 1)]],
    [
      'completion',
      (unit: Unit, day: number) => [count(unit, 'complete', day, day + 1), count(unit, 'play', day, day + 1)],
    ],
    [
      'click-through',
      (unit: Unit, day: number) => [
        count(unit, 'click', day, day + 1),
        unit.exposures.filter(({ at }) => inDays(unit, at, day, day + 1)).length,
      ],
    ],
  ] as const)('follows %s by days since exposure as the raw events say', async (metric, valuesOn) => {
    const found = await get<NoveltyReport>(`novelty?metric=${metric}&days=7`);
    const old = (arm: string): Unit[] =>
      clean(arm, (unit) => unit.firstAt <= Date.parse(found.asOf) - 7 * DAY);
    expect(found.units.matured).toBe(ARMS.reduce((sum, arm) => sum + old(arm).length, 0));
    const parts = metric === 'watch-minutes' ? 1 : 2;
    const momentsBy = (arm: string): DayMoments => {
      const rows = old(arm).map((unit) =>
        Array.from({ length: parts * 7 }, (_, i) => valuesOn(unit, i % 7)[Math.floor(i / 7)] ?? 0),
      );
      const n = rows.length;
      const mean = rows[0]?.map((_, i) => rows.reduce((sum, row) => sum + (row[i] as number), 0) / n) ?? [];
      const covariance = mean.map((a, i) =>
        mean.map(
          (b, j) =>
            rows.reduce((sum, row) => sum + ((row[i] as number) - a) * ((row[j] as number) - b), 0) / (n - 1),
        ),
      );
      return { n, mean, covariance };
    };
    for (const { arm, points, trend } of found.arms) {
      const expected = novelty(momentsBy('control'), momentsBy(arm), { alpha: 0.05, ratio: parts === 2 });
      points.forEach((point, day) => {
        expect(point.control ?? -1).toBeCloseTo(expected.points[day]?.control ?? -1, 9);
        expect(point.lift ?? -9).toBeCloseTo(expected.points[day]?.lift ?? -9, 8);
        expect(point.standardError ?? -9).toBeCloseTo(expected.points[day]?.standardError ?? -9, 8);
      });
      expect(trend?.slope ?? -9).toBeCloseTo(expected.trend.ok ? expected.trend.value.slope : -9, 8);
    }
  });

  it('warns of novelty where the lift fades, and does not where it stays', async () => {
    const byItself = await get<NoveltyReport>('novelty');
    const behind = (days: number): number =>
      units.filter((unit) => !unit.crossover && unit.firstAt <= Date.parse(byItself.asOf) - days * DAY)
        .length;
    expect(byItself.days).toBe([28, 21, 14, 7].find((days) => behind(days) >= behind(0) / 2));
    const found = await get<NoveltyReport>('novelty?days=7');
    expect(found).toMatchObject({ metric: 'watch-minutes', days: 7, reason: null });
    const [b, c] = found.arms;
    expect(b).toMatchObject({ arm: 'b', warning: 'NOVELTY', note: expect.stringMatching(/fades/) });
    expect(b?.trend?.slope).toBeLessThan(0);
    expect(c).toMatchObject({ arm: 'c', warning: null, note: expect.stringMatching(/No trend/) });
    const trends = new Trends(api.db.database, new ReportStore(api.db.database));
    const now = new Date();
    expect([await trends.refresh('x', now), await trends.refresh('x', now)]).toEqual([true, false]);
    const { health } = await get<LiftReport>('report');
    const warning = health.find(({ key }) => key === 'novelty');
    const fading = byItself.arms.filter(({ qValue }) => qValue !== null && qValue < 0.05);
    expect(warning).toMatchObject({
      status: fading.length > 0 ? 'warn' : 'pass',
      warning: fading.length > 0 ? 'NOVELTY' : null,
    });
    expect(warning?.rows.length).toBe(fading.length);
    expect(await get('novelty?metric=retention-day-7')).toMatchObject({ reason: 'fixed_window', arms: [] });
    expect(await get('novelty?days=40')).toMatchObject({ reason: 'not_old_enough', arms: [] });
  });

  it('reports at a chosen maturity, and marks what is immature', async () => {
    const whole = await get<LiftReport>('report');
    const watch = (report: LiftReport) =>
      report.results.find((one) => one.metric === 'watch-minutes' && one.arm === 'b');
    expect(watch(whole)).toMatchObject({ immature: false });
    const old = await get<LiftReport>('report?maturity=14&estimator=welch');
    expect(old.maturity).toBe(14);
    const mature = (arm: string) => clean(arm, (unit) => isMature(unit, 15));
    expect(watch(old)?.moments.control?.n).toBe(mature('control').length);
    expect(watch(old)?.moments.treatment?.mean[0]).toBeCloseTo(
      momentsOf(mature('b'), 'watch-minutes').mean[0],
      9,
    );
    expect(watch(old)).toMatchObject({
      immature: true,
      enrolled: clean('control').length + clean('b').length,
    });
    expect(watch(old)?.formula.join('\n')).toMatch(/Difference = treatment − control = /);
  });

  it('draws the effect over time against the baseline that is asked for', async () => {
    const seriesOf = (query: string) =>
      get<{ baseline: string; points: { arm: string; day: string; estimate: number; n: number }[] }>(
        `report/series?metric=watch-minutes&estimator=welch${query}`,
      );
    const welch = estimatorRegistry.get('welch');
    const how = { alpha: 0.05, adjust: true, kind: 'sum' } as const;
    for (const [query, baseline, others] of [
      ['', 'control', ['b', 'c']],
      ['&baseline=b', 'b', ['control', 'c']],
    ] as const) {
      const series = await seriesOf(query);
      expect(series.baseline).toBe(baseline);
      expect([...new Set(series.points.map(({ arm }) => arm))]).toEqual(others);
      for (const { arm, estimate, n } of series.points.slice(-2)) {
        const [base, own] = [baseline, arm].map((key) => momentsOf(clean(key), 'watch-minutes')) as [
          Moments,
          Moments,
        ];
        expect(n).toBe(base.n + own.n);
        expect(estimate).toBeCloseTo(welch.compare(base, own, how).estimate as number, 9);
      }
    }
  });

  it('says what is wrong with a question', async () => {
    const refused = async (path: string): Promise<string> => {
      const answer = await api.request('GET', `/v1/experiments/x/${path}`);
      expect(answer.status).toBe(400);
      return answer.text;
    };
    expect(await refused('distribution?metric=cancellations')).toContain('watch-minutes, click-through');
    expect(await refused('novelty?days=2')).toContain('/days');
    expect(await refused('segments/scan?baseline=zzz')).toContain('arms are control, b, c');
    expect(await refused('segments/scan?estimator=zzz')).toContain('welch');
    expect(await refused('report?maturity=7&asOf=2026-01-01')).toContain('/maturity');
    // Units of a segment are known as they are today: on a past day they would be seen from the future.
    for (const path of ['report?', 'report/export?format=csv&'])
      expect(await refused(`${path}segment=device:tv&asOf=2026-01-01`)).toContain('/segment');
    expect((await get<LiftReport>(`report?segment=device:tv&asOf=${today()}`)).segment?.value).toBe('tv');
    expect(await refused('report/series?baseline=zzz')).toContain('control, b, c');
    expect((await api.request('GET', '/v1/experiments/none/novelty')).status).toBe(404);
    expect(
      (await api.request('GET', '/v1/experiments/x/novelty', { key: api.keys.publishable })).status,
    ).toBe(403);
  });

  describe('of metrics of every kind', () => {
    beforeAll(async () => {
      const { database } = api.db;
      await database.query(
        `insert into metric (key, version, definition, created_by)
         select d ->> 'key', 1, d, 'test' from jsonb_array_elements($1::jsonb) d`,
        [JSON.stringify(OWN_METRICS)],
      );
      await database.query(`update experiment set secondary_metrics = $1 where key = 'x'`, [
        [...FURTHER, ...OWN_METRICS.map(({ key }) => key)],
      ]);
      // A metric gets its values with the next event of any unit.
      const [at, unitId] = [NOW - 1, clean('b')[0]?.id ?? ''];
      const lines = encodeEvent(clientEvent(unitId, at, { name: 'browse' }));
      await new FactStore(database).insertEvents({ count: 1, firstAt: at, lastAt: at, lines });
      await rollUpAll(database, new Date(NOW));
    }, 60_000);

    it.each(Object.entries(FILTERED))('follows the filtered metric %s by days', async (metric, valueOf) => {
      const found = await get<NoveltyReport>(`novelty?metric=${metric}&days=7`);
      const old = (arm: string): Unit[] =>
        clean(arm, (unit) => unit.firstAt <= Date.parse(found.asOf) - 7 * DAY);
      const mean = (arm: string, day: number): number =>
        old(arm).reduce((sum, unit) => {
          const events = unit.events.filter(({ at }) => inDays(unit, at, day, day + 1));
          return sum + events.reduce((own, one) => own + valueOf(one, unit), 0);
        }, 0) / old(arm).length;
      expect(found.arms.map(({ arm }) => arm)).toEqual(['b', 'c']);
      for (const { arm, points } of found.arms)
        points.forEach((point, day) => {
          expect(point.control).toBeCloseTo(mean('control', day), 9);
          expect(point.treatment).toBeCloseTo(mean(arm, day), 9);
        });
      expect(found.arms[0]?.points.some(({ control }) => (control ?? 0) > 0)).toBe(true);
    });

    it('scans funnels as ratios, and says which metrics are not in the table', async () => {
      const scan = await get<SegmentScanReport>('segments/scan?estimator=welch&alpha=0.1');
      const without = ['watch-minutes-p90', 'first-click', 'capped-seconds'];
      expect(scan.leftOut.map(({ key }) => key).sort()).toEqual([...without].sort());
      expect(scan.leftOut[0]?.note).toMatch(/not in this table/);
      expect(scan.metrics.filter(({ key }) => without.includes(key))).toEqual([]);
      const cells = scan.cells.filter(({ metric }) => metric === 'click-then-complete');
      expect(cells.length).toBe(13 * 2);
      for (const { attribute, value, arm, effect } of cells) {
        const of = (key: string): Moments => {
          const members = clean(key, (unit) => unit.context[attribute] === value);
          return fromValues(members.map(completedAfterClick), members.map(clicked));
        };
        const expected = estimatorRegistry
          .get('welch')
          .compare(of('control'), of(arm), { alpha: 0.1, adjust: true, kind: 'funnel' });
        expect(effect.reason).toBe(expected.reason);
        expect(effect.estimate ?? -9).toBeCloseTo(expected.estimate ?? -9, 9);
        expect(effect.standardError ?? -9).toBeCloseTo(expected.standardError ?? -9, 9);
      }
      expect(cells.filter(({ effect }) => effect.estimate !== null).length).toBeGreaterThan(6);
      // A step that everybody took would hide a denominator of 1.
      expect(clean('c').map(clicked)).toContain(0);
    });

    it('shows times to an event of units that had it, shares of a funnel, and says that values are uncapped', async () => {
      const found = await get<Distribution>('distribution?metric=first-click');
      expect(found.valueIs).toMatch(/units that had it/);
      expect(found.arms).toHaveLength(ARMS.length);
      for (const { arm, n, without, smallest, quantiles } of found.arms) {
        const times = clean(arm).flatMap((unit) => {
          const clicks = unit.events.filter(({ name }) => name === 'click').map(({ at }) => at);
          return clicks.length === 0
            ? []
            : [Math.floor((Math.min(...clicks) - unit.firstAt) / 60_000) / 1440];
        });
        expect([n, without]).toEqual([times.length, clean(arm).length - times.length]);
        expect(without).toBeGreaterThan(0);
        const sorted = Float64Array.from(times).sort();
        expect(smallest).toBeCloseTo(sorted[0] as number, 9);
        for (const { level, value } of quantiles) expect(value).toBeCloseTo(sampleQuantile(sorted, level), 9);
      }
      const funnel = await get<Distribution>('distribution?metric=click-then-complete');
      expect(funnel.arms).toHaveLength(ARMS.length);
      for (const { arm, n, mean } of funnel.arms) {
        const clickers = clean(arm, (unit) => clicked(unit) === 1);
        expect(n).toBe(clickers.length);
        expect(mean).toBeCloseTo(clickers.filter(completedAfterClick).length / clickers.length, 12);
      }
      const capped = await get<Distribution>('distribution?metric=capped-seconds');
      expect(capped.valueIs).toMatch(/uncapped; the report caps them at quantile 0.9/);
    });

    it('keeps the trend of a filtered decision metric, and says which metrics have no value of one day', async () => {
      const { database } = api.db;
      const trends = new Trends(database, new ReportStore(database));
      await database.query(`update experiment set decision_metric = 'tv-watch-minutes' where key = 'x'`);
      expect(await trends.refresh('x', new Date(NOW + DAY))).toBe(true);
      const [kept] = await database.query<{ trends: { metric: string }[] }>(
        `select trends from experiment_trend where experiment = 'x'`,
      );
      expect(kept?.trends.map(({ metric }) => metric)).toContain('Watch minutes on television');
      await database.query(`update experiment set decision_metric = 'watch-minutes' where key = 'x'`);
      for (const metric of ['search-to-play', 'watch-minutes-p90', 'first-click'])
        expect(await get(`novelty?metric=${metric}`)).toMatchObject({ reason: 'not_by_day', arms: [] });
    });
  });
});
