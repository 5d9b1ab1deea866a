import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DAY, ExperimentWorld, START, Sampler } from '#calibration';
import type { Outcome, Sink } from '#calibration';
import { buildReport, metricRegistry } from '#metrics';
import type { Moments, ReportBody, ReportMetric } from '#metrics';
import { clientEvent, decisionRecord } from '../../test/facts.js';
import { createTestDatabase } from '../../test/postgres.js';
import type { TestDatabase } from '../../test/postgres.js';
import { rollUpAll } from './roll-up-all.js';
import { FactStore } from '../persistence/fact-store.js';
import { encodeDecision } from '../queues/decision-lines.js';
import { encodeEvent } from '../queues/event-lines.js';
import type { ClientEvent, DecisionRecord } from '../queues/jobs.js';
import { HealthFactsReader } from '../reports/health-facts.js';
import { LiftReports } from '../reports/lift-reports.js';
import type { LiftReport } from '../reports/lift-reports.js';
import { ReportStore } from '../reports/report-store.js';
import { matureMoments } from './daily-moments.js';

const EXPERIMENTS = 20;
const DAYS = 14;
const UNITS = 390;
const ARMS = ['control', 'treatment-a', 'treatment-b'].map((key) => ({ key, watchTime: 1 }));
const DECISION = 'watch-minutes';
const SECONDARY = ['play-rate', 'sessions-per-week', 'retention-day-7', 'completion', 'click-through'];
const GUARDRAILS = ['pauses-per-play', 'cancellations'];
const METRICS: readonly ReportMetric[] = [
  { definition: metricRegistry.get(DECISION), role: 'decision' },
  ...SECONDARY.map((key): ReportMetric => ({ definition: metricRegistry.get(key), role: 'secondary' })),
  ...GUARDRAILS.map((key): ReportMetric => ({ definition: metricRegistry.get(key), role: 'guardrail' })),
];

/** What happened, as the records that the API stores. */
class Facts implements Sink {
  readonly decisions: DecisionRecord[] = [];
  readonly events: ClientEvent[] = [];
  world: ExperimentWorld | null = null;
  private readonly ids: string[] = [];

  constructor(private readonly key: string) {}

  exposure(unit: number, at: number, decision: number): void {
    const world = this.world as ExperimentWorld;
    const arm = world.experiment.arms[world.arm[unit] as number]?.key as string;
    const record = decisionRecord(world.unitId(unit), at, arm, {
      experiment: this.key,
      chosen: arm,
      armPropensity: 1 / 3,
    });
    this.ids[decision] = record.id;
    this.decisions.push(record);
    this.add(unit, at, { kind: 'exposure', decisionId: record.id });
  }

  outcome(unit: number, at: number, name: Outcome, value: number, decision: number): void {
    this.add(unit, at, {
      name,
      value: name === 'watch' ? value : null,
      decisionId: decision < 0 ? null : (this.ids[decision] as string),
    });
  }

  private add(unit: number, at: number, part: Partial<ClientEvent>): void {
    this.events.push(clientEvent((this.world as ExperimentWorld).unitId(unit), at, part));
  }
}

interface Run {
  readonly world: ExperimentWorld;
  readonly facts: Facts;
  /** At the end of each day: from PostgreSQL and from memory. */
  readonly reports: LiftReport[];
  readonly expected: ReportBody[];
}

function relativeGap(got: number, wanted: number, size: number): number {
  return Math.abs(got - wanted) / Math.max(size, Number.MIN_VALUE);
}

/** Largest relative difference of two moments; co-moments relative to the sums of squares they belong to. */
function gapOf(got: Moments, wanted: Moments): number {
  if (got.n !== wanted.n || got.nonZero !== wanted.nonZero) return Infinity;
  const [yy, dd, xx] = wanted.comoment;
  const scales = [yy, dd, xx, Math.sqrt(yy * dd), Math.sqrt(yy * xx), Math.sqrt(dd * xx)];
  const means = wanted.mean.map((mean, i) => relativeGap(got.mean[i] as number, mean, Math.abs(mean)));
  const comoments = wanted.comoment.map((value, i) =>
    relativeGap(got.comoment[i] as number, value, scales[i] as number),
  );
  return Math.max(...means, ...comoments);
}

async function insertExperiment(db: TestDatabase, world: ExperimentWorld): Promise<void> {
  const { key, arms } = world.experiment;
  await db.database.query(`insert into layer (key, title, salt) values ($1, $1, $1)`, [key]);
  await db.database.query(
    `insert into experiment (key, title, surface, status, layer, layer_from, layer_to, traffic, arms, salt,
                             decision_metric, secondary_metrics, guardrail_metrics)
     values ($1, $1, 'home', 'running', $1, 0, 1, 1, $2::jsonb, $1, $3, $4, $5)`,
    [key, JSON.stringify(arms), DECISION, SECONDARY, GUARDRAILS],
  );
}

async function storeDay(store: FactStore, runs: readonly Run[]): Promise<void> {
  const events = runs.flatMap(({ facts }) => facts.events.splice(0));
  const decisions = runs.flatMap(({ facts }) => facts.decisions.splice(0));
  await store.insertDecisions(decisions.map(encodeDecision));
  await store.insertEvents({
    count: events.length,
    firstAt: events.reduce((first, { at }) => Math.min(first, at), Infinity),
    lastAt: events.reduce((last, { at }) => Math.max(last, at), 0),
    lines: events.map(encodeEvent).join(''),
  });
}

describe('A/A experiments through facts, rollups and reports on PostgreSQL', () => {
  let db: TestDatabase;
  let runs: Run[];
  let largestGap = 0;
  let compared = 0;

  beforeAll(async () => {
    db = await createTestDatabase();
    const { database } = db;
    await database.query(`insert into surface (key, title, kind) values ('home', 'Home', 'value')`);
    runs = Array.from({ length: EXPERIMENTS }, (_, i) => {
      const key = `a-a-${i}`;
      const facts = new Facts(key);
      const options = {
        key,
        units: UNITS,
        days: DAYS,
        arms: ARMS,
        metrics: METRICS.map((m) => m.definition),
      };
      const world = new ExperimentWorld(options, new Sampler(key), facts);
      facts.world = world;
      return { world, facts, reports: [], expected: [] };
    });
    for (const { world } of runs) await insertExperiment(db, world);
    const store = new FactStore(database);
    const lift = new LiftReports(new ReportStore(database), new HealthFactsReader(database));
    for (let day = 0; day < DAYS; day++) {
      const now = new Date(START + (day + 1) * DAY);
      for (const { world } of runs) world.live(day);
      await storeDay(store, runs);
      // As autovacuum does in time; without, a roll-up looks up each event in every day.
      if ((day & (day + 1)) === 0)
        await database.query('analyze event; analyze decision; analyze experiment_unit');
      await rollUpAll(database, now);
      for (const { world, reports, expected } of runs) {
        const cells = world.cells(day);
        expected.push(
          buildReport({ arms: world.reportArms(), metrics: METRICS, cells, facts: world.facts(day) }),
        );
        reports.push(await lift.report(world.experiment.key, {}, now));
        const stored = await matureMoments(
          database,
          world.experiment.key,
          METRICS.map((m) => m.definition),
          now,
        );
        for (const { metric, arm, moments } of cells) {
          const got = stored.get(metric)?.get(arm);
          if (!got && moments.n === 0) continue;
          largestGap = Math.max(largestGap, got ? gapOf(got, moments) : Infinity);
          compared++;
        }
      }
    }
  }, 400_000);
  afterAll(() => db.drop());

  it('has the moments of every metric, arm and day that the simulation in memory has', () => {
    // Immature metrics have none in the first days.
    expect(compared).toBeGreaterThan(0.7 * EXPERIMENTS * DAYS * METRICS.length * ARMS.length);
    expect(largestGap).toBeLessThan(1e-9);
  });

  it('gives the verdicts and p-values that the simulation in memory gives', () => {
    for (const { reports, expected } of runs) {
      expect(reports.map(({ verdict }) => verdict.kind)).toEqual(expected.map(({ verdict }) => verdict.kind));
      reports.forEach(({ results, units }, day) => {
        const body = expected[day] as ReportBody;
        expect(units.perArm).toEqual(Object.fromEntries(body.arms.map((arm) => [arm.key, arm.units])));
        results.forEach(({ metric, arm, pValue, direction }, i) => {
          const wanted = body.results[i];
          expect({ metric, arm, direction }).toEqual({
            metric: wanted?.metric,
            arm: wanted?.arm,
            direction: wanted?.direction,
          });
          if (typeof wanted?.pValue === 'number') expect(pValue).toBeCloseTo(wanted.pValue, 9);
          else expect(pValue).toBeNull();
        });
      });
    }
  });

  it('ships at most one experiment in twenty, and looks at enough of them to say anything', () => {
    const shipped = runs.filter(({ reports }) => reports.some(({ verdict }) => verdict.kind === 'ship'));
    expect(shipped.length).toBeLessThanOrEqual(0.05 * EXPERIMENTS);
    for (const { reports } of runs) {
      const last = reports[DAYS - 1]?.results.find(({ role }) => role === 'decision');
      expect(last?.effect.status).toBe('ok');
    }
  });
});
