import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { metricRegistry } from '#metrics';
import type { MetricDefinition } from '#metrics';
import { clientEvent, decisionRecord } from '../../test/facts.js';
import { createTestDatabase } from '../../test/postgres.js';
import type { TestDatabase } from '../../test/postgres.js';
import { rollUpAll } from './roll-up-all.js';
import { FactStore } from '../persistence/fact-store.js';
import { loadMetricCatalogue, pinMetricVersions } from '../persistence/metric-catalogue.js';
import { encodeDecision } from '../queues/decision-lines.js';
import { encodeEvent } from '../queues/event-lines.js';
import type { ClientEvent, DecisionRecord } from '../queues/jobs.js';
import { ReportStore } from '../reports/report-store.js';
import { matureMoments } from './daily-moments.js';
import { RollUp } from './roll-up.js';

const DAY = 86_400_000;
const NOW = new Date();
/** Days before now. */
const ago = (days: number): number => NOW.getTime() - days * DAY;

const PLAYS: MetricDefinition = {
  key: 'plays',
  title: 'Plays',
  description: 'Plays of a unit, a metric of the tests.',
  measuredIn: 'count',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'count',
  numerator: { fold: 'count', events: ['play'], scope: 'unit' },
  maturityDays: 0,
};
const OWN: readonly MetricDefinition[] = [
  { ...PLAYS, covariateDays: 7 },
  {
    ...PLAYS,
    key: 'plays-first-days',
    numerator: { ...PLAYS.numerator, days: [0, 9] },
    maturityDays: 9,
  },
  {
    ...PLAYS,
    key: 'plays-after-search',
    kind: 'funnel',
    after: [{ events: ['search'] }],
    numerator: { ...PLAYS.numerator, fold: 'any' },
  },
  {
    ...PLAYS,
    key: 'plays-to-day-40',
    numerator: { ...PLAYS.numerator, days: [0, 40] },
    maturityDays: 40,
  },
  {
    ...PLAYS,
    key: 'days-to-play',
    kind: 'time-to-event',
    numerator: { ...PLAYS.numerator, fold: 'first', days: [0, 60] },
  },
  {
    ...PLAYS,
    key: 'speed',
    kind: 'sum',
    numerator: { ...PLAYS.numerator, fold: 'sum', field: 'property:speed' },
  },
  {
    ...PLAYS,
    key: 'watched',
    kind: 'sum',
    numerator: { ...PLAYS.numerator, fold: 'sum', events: ['watch'] },
  },
];

const exposed = (unitId: string, at: number, experiment: string): DecisionRecord =>
  decisionRecord(unitId, at, 'control', { experiment, context: { device: 'tv' }, exposed: true });

const outcome = (unitId: string, at: number, name: string, part: Partial<ClientEvent> = {}): ClientEvent =>
  clientEvent(unitId, at, { name, ...part });

describe('rollups through the changes of an experiment', () => {
  let db: TestDatabase;
  let facts: FactStore;

  beforeAll(async () => {
    db = await createTestDatabase();
    facts = new FactStore(db.database);
    await db.database.query(`insert into surface (key, title, kind) values ('home', 'Home', 'value')`);
    await db.database.query(`insert into layer (key, title, salt) values ('l', 'L', 'l')`);
    await db.database.query(
      `insert into metric (key, version, definition, created_by)
       select d ->> 'key', 1, d, 'test' from jsonb_array_elements($1::jsonb) d`,
      [JSON.stringify(OWN)],
    );
  }, 60_000);
  afterAll(() => db.drop());
  /** Every test has an experiment of its own. */
  let x: string;
  let tests = 0;
  beforeEach(() => {
    x = `x${tests++}`;
  });

  const create = (key: string, metrics: readonly string[], stoppedAt: number | null = null) =>
    db.database.query(
      `insert into experiment (key, title, surface, status, layer, layer_from, layer_to, traffic, arms, salt, secondary_metrics, stopped_at)
       values ($1, 'X', 'home', $2, 'l', 0, 1, 1, '[]', 'x', $3, $4)`,
      [
        key,
        stoppedAt === null ? 'running' : 'stopped',
        metrics,
        stoppedAt === null ? null : new Date(stoppedAt),
      ],
    );

  const store = async (decisions: DecisionRecord[], events: ClientEvent[]): Promise<void> => {
    if (decisions.length > 0) await facts.insertDecisions(decisions.map(encodeDecision));
    if (events.length === 0) return;
    await facts.insertEvents({
      count: events.length,
      firstAt: Math.min(...events.map(({ at }) => at)),
      lastAt: Math.max(...events.map(({ at }) => at)),
      lines: events.map(encodeEvent).join(''),
    });
  };

  const rollUp = (): Promise<boolean> => rollUpAll(db.database, NOW);

  const measured = async (metric: string): Promise<Record<string, readonly [number, number]>> => {
    const rows = await db.database.query<{ unit_id: string; y: number; x: number }>(
      `select unit_id, y, x from unit_metric where experiment = $1 and metric = $2 order by unit_id`,
      [x, metric],
    );
    return Object.fromEntries(rows.map((row) => [row.unit_id, [row.y, row.x] as const]));
  };

  const failures = () => db.database.query(`select experiment, message from rollup_failure`);

  describe('after the stop', () => {
    it('counts what happens later only where the metric has days of its own', async () => {
      const unit = `${x}-u`;
      await create(x, ['plays', 'plays-first-days', 'plays-after-search'], ago(8));
      await store(
        [exposed(unit, ago(12), x)],
        [
          outcome(unit, ago(14), 'play'),
          outcome(unit, ago(10), 'play'),
          outcome(unit, ago(8), 'search'),
          outcome(unit, ago(7), 'play'),
          outcome(unit, ago(4), 'play'),
          outcome(unit, ago(1), 'play'),
        ],
      );
      await rollUp();
      expect(await measured('plays')).toEqual({ [unit]: [1, 1] });
      expect(await measured('plays-first-days')).toEqual({ [unit]: [3, 0] });
      expect(await measured('plays-after-search')).toEqual({ [unit]: [0, 0] });
    });

    it('ends with shipping as well', async () => {
      const unit = `${x}-u`;
      await create(x, ['plays']);
      await store([exposed(unit, ago(5), x)], [outcome(unit, ago(3), 'play')]);
      await rollUp();
      expect(await measured('plays')).toEqual({ [unit]: [1, 0] });
      await db.database.query(`update experiment set status = 'shipped', stopped_at = $2 where key = $1`, [
        x,
        new Date(ago(2)),
      ]);
      await store([], [outcome(unit, ago(1), 'play')]);
      await rollUp();
      expect(await measured('plays')).toEqual({ [unit]: [1, 0] });
    });
  });

  it('matures and watches nobody after the last event that it reads', async () => {
    const [early, late] = [`${x}-early`, `${x}-late`];
    await create(x, ['plays-to-day-40', 'days-to-play'], ago(20));
    await store([exposed(early, ago(40), x), exposed(late, ago(21), x)], []);
    await rollUp();
    const metrics = OWN.filter(({ key }) => key === 'plays-to-day-40' || key === 'days-to-play');
    const [days40, time] = metrics as [MetricDefinition, MetricDefinition];
    const counted = async (metric: MetricDefinition, afterStop: number) =>
      (await matureMoments(db.database, x, [metric], new Date(ago(20) + afterStop * DAY)))
        .get(metric.key)
        ?.get('control');
    const cellsOf = async (afterStop: number) =>
      new ReportStore(db.database).cells(x, metrics, new Date(ago(20) + afterStop * DAY), {
        attribute: 'device',
        value: 'tv',
      });
    expect((await counted(days40, 23))?.n).toBe(1);
    // The late unit's 40 days are over, but the last of them came after the 35 that are read.
    expect((await counted(days40, 100))?.n).toBe(1);
    const cell = (await cellsOf(100)).find(({ metric }) => metric === days40.key);
    expect(cell?.moments.n).toBe(1);
    const shorter = { ...time, numerator: { ...time.numerator, days: [0, 30] as const } };
    expect((await counted(shorter, 400))?.n).toBe(2);
    // Watched for 55 and 36 days at most, so that nothing is known of a mean over 60 days.
    expect(await counted(time, 400)).toBeUndefined();
  });

  describe('with numbers that cannot be added up', () => {
    it('passes over properties that are too large', async () => {
      const unit = `${x}-u`;
      await create(x, ['speed']);
      await store(
        [exposed(unit, ago(5), x)],
        [1e308, 1e308, -2e12, 1e12, 2, 1.5].map((speed) =>
          outcome(unit, ago(3), 'play', { properties: { speed } }),
        ),
      );
      const large = outcome(unit, ago(3), 'play', { properties: { speed: 0 } });
      const small = outcome(unit, ago(3), 'play', { properties: { speed: 0 } });
      await store([], [large, small]);
      // JSON can say what no number of JavaScript can.
      await db.database.query(
        `update event set properties = case id when $1 then '{"speed": 1e400}' else '{"speed": 1e-400}' end::jsonb where id in ($1, $2)`,
        [large.id, small.id],
      );
      await rollUp();
      expect(await measured('speed')).toEqual({ [unit]: [1e12 + 3.5, 0] });
      expect(await failures()).toEqual([]);
    });

    it('rolls the other experiments up, and the failed one as soon as it can', async () => {
      const [bad, good] = [x, `${x}-good`];
      await create(bad, ['watched', 'plays']);
      await create(good, ['watched']);
      const broken = [1, 2].map(() => outcome('broken', ago(3), 'watch', { value: 1.5e308 }));
      await store(
        [exposed('broken', ago(5), bad), exposed('whole', ago(5), bad), exposed('other', ago(5), good)],
        [
          ...broken,
          outcome('whole', ago(3), 'watch', { value: 4 }),
          outcome('other', ago(3), 'watch', { value: 7 }),
        ],
      );
      await rollUp();
      expect(await measured('watched')).toEqual({});
      expect(await failures()).toEqual([
        { experiment: bad, message: expect.stringContaining('out of range') },
      ]);
      x = good;
      expect(await measured('watched')).toEqual({ other: [7, 0] });
      x = bad;
      expect(await new RollUp(db.database).run(NOW)).toMatchObject({ experiments: [], failed: [bad] });
      const [counter] = await db.database.query<{ value: number }>(
        `select value::integer as value from counter where name = 'rollup.experiments_failed'`,
      );
      expect(counter?.value).toBeGreaterThanOrEqual(2);
      // Nothing new about the experiment: that it failed is reason enough to compute all of it.
      await db.database.query(`update event set value = 1 where id = any($1)`, [broken.map(({ id }) => id)]);
      await rollUp();
      expect(await measured('watched')).toEqual({ broken: [2, 0], whole: [4, 0] });
      expect(await failures()).toEqual([]);
      const cohorts = await db.database.query<{ n: string }>(
        `select n from moments_cohort where experiment = $1 and metric = 'watched'`,
        [bad],
      );
      expect(cohorts).toEqual([{ n: '2' }]);
    });
  });

  describe('when metrics change', () => {
    const have = (metrics: readonly string[]) =>
      db.database.query(`update experiment set secondary_metrics = $2 where key = $1`, [x, metrics]);

    it('fills what a metric missed while the experiment did not have it', async () => {
      const [first, second] = [`${x}-1`, `${x}-2`];
      await create(x, ['plays', 'watched', 'speed']);
      await store(
        [exposed(first, ago(5), x), exposed(second, ago(5), x)],
        [outcome(first, ago(4), 'play'), outcome(second, ago(4), 'play')],
      );
      await rollUp();
      await have(['watched']);
      await store([], [outcome(first, ago(3), 'play')]);
      await rollUp();
      await have(['watched', 'plays-first-days']);
      await rollUp();
      await have(['watched', 'plays-first-days', 'plays']);
      await rollUp();
      const all = { [first]: [2, 0], [second]: [1, 0] };
      expect(await measured('plays')).toEqual(all);
      expect(await measured('plays-first-days')).toEqual(all);
      expect(await measured('watched')).toEqual({ [first]: [0, 0], [second]: [0, 0] });
      const [cohorts] = await db.database.query(
        `select sum(n)::integer as n, sum(n * mean_y) as plays from moments_cohort where experiment = $1 and metric = 'plays'`,
        [x],
      );
      expect(cohorts).toEqual({ n: 2, plays: 3 });
    });

    it('computes all units anew by another definition, and not again without one', async () => {
      const units = [1, 2, 3, 4].map((i) => `${x}-${i}`);
      await create(x, ['plays']);
      await store(
        units.map((unit) => exposed(unit, ago(5), x)),
        units.flatMap((unit) => [
          outcome(unit, ago(4), 'play'),
          outcome(unit, ago(4), 'watch', { value: 3 }),
        ]),
      );
      await rollUp();
      const redefined = { ...OWN[0], numerator: { ...PLAYS.numerator, events: ['play', 'watch'] } };
      await db.database.query(`update metric set definition = $1 where key = 'plays'`, [
        JSON.stringify(redefined),
      ]);
      try {
        await rollUp();
        expect(await measured('plays')).toEqual(Object.fromEntries(units.map((unit) => [unit, [2, 0]])));
        expect(await new RollUp(db.database).run(NOW)).toMatchObject({ experiments: [] });
      } finally {
        await db.database.query(`update metric set definition = $1 where key = 'plays'`, [
          JSON.stringify(OWN[0]),
        ]);
      }
    });

    it('keeps the metric that an experiment was launched with when the program takes its key', async () => {
      const unit = `${x}-u`;
      const taken = { ...PLAYS, key: 'play-rate', title: 'Plays of ours' };
      await db.database.query(
        `insert into metric (key, version, definition, created_by) values ('play-rate', 1, $1, 'test')`,
        [JSON.stringify(taken)],
      );
      await create(x, ['play-rate']);
      await db.database.query(`update experiment set metric_versions = '{"play-rate": 1}' where key = $1`, [
        x,
      ]);
      await create(`${x}-new`, ['play-rate', 'plays']);
      await store(
        [exposed(unit, ago(5), x), exposed(unit, ago(5), `${x}-new`)],
        [1, 2, 3].map((i) => outcome(unit, ago(i), 'play')),
      );
      await pinMetricVersions(db.database, x);
      await pinMetricVersions(db.database, `${x}-new`);
      await rollUp();
      expect(await measured('play-rate')).toEqual({ [unit]: [3, 0] });
      const pins = await db.database.query<{ pins: unknown }>(
        `select metric_versions as pins from experiment where key in ($1, $2) order by key`,
        [x, `${x}-new`],
      );
      expect(pins.map((row) => row.pins)).toEqual([{ 'play-rate': 1 }, { plays: 1 }]);
      const catalogue = await loadMetricCatalogue(db.database);
      expect(catalogue.find('play-rate', { 'play-rate': 1 })?.title).toBe('Plays of ours');
      expect(catalogue.find('play-rate')).toBe(metricRegistry.get('play-rate'));
      expect(catalogue.offered().filter(({ key }) => key === 'play-rate')).toEqual([
        metricRegistry.get('play-rate'),
      ]);
    });
  });
});
