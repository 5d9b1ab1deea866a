import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { fromValues, metricRegistry, needsUnits } from '#metrics';
import type { Measure, MetricDefinition } from '#metrics';
import { clientEvent, decisionRecord } from '../../test/facts.js';
import { createTestDatabase } from '../../test/postgres.js';
import type { TestDatabase } from '../../test/postgres.js';
import { rollUpAll } from './roll-up-all.js';
import { FactStore } from '../persistence/fact-store.js';
import { encodeDecision } from '../queues/decision-lines.js';
import { encodeEvent } from '../queues/event-lines.js';
import type { ClientEvent, DecisionRecord } from '../queues/jobs.js';
import { matureMoments } from './daily-moments.js';
import { RollUp } from './roll-up.js';

const DAY = 86_400_000;
const START = Date.UTC(2026, 4, 1);
const NOW = new Date(START + 12 * DAY);
const NAMES = [
  'click',
  'play',
  'watch',
  'complete',
  'session_start',
  'cancel',
  'search',
  'search_success',
  'skip',
  'pause',
  'thumbs_up',
  'thumbs_down',
  'rating',
];
const ARMS = ['control', 'treatment'];
/** Those that count plainly; kinds, filters and windows are tested by metric-kinds.spec.ts. */
const METRICS = metricRegistry
  .list()
  .filter(
    (metric) => !needsUnits(metric) && metric.kind !== 'funnel' && metric.numerator.where === undefined,
  );

interface Facts {
  readonly decisions: DecisionRecord[];
  readonly events: ClientEvent[];
}

const decision = (unitId: string, at: number, arm: string, exposed: boolean): DecisionRecord =>
  decisionRecord(unitId, at, arm, { context: { device: unitId.endsWith('1') ? 'tv' : 'phone' }, exposed });

/** Units with pre-period events, several exposures (some twice reported), outcomes with and without decision, one crossover. */
function randomFacts(): Facts {
  const rng = createRng('rollup');
  const decisions: DecisionRecord[] = [];
  const events: ClientEvent[] = [];
  for (let u = 0; u < 120; u++) {
    const unitId = `u${u}`;
    const arm = ARMS[u % 2] as string;
    const own = Array.from({ length: 1 + rng.below(4) }, (_, i) => {
      const at = START + Math.floor(rng.uniform() * 10 * DAY);
      const made = decision(
        unitId,
        at,
        u === 7 && i === 1 ? 'treatment' : u === 7 ? 'control' : arm,
        rng.uniform() < 0.2,
      );
      decisions.push(made);
      return made;
    });
    for (const made of own) {
      for (let times = rng.below(3); times > 0; times--) {
        events.push(
          clientEvent(unitId, made.at + rng.below(60_000), { kind: 'exposure', decisionId: made.id }),
        );
      }
    }
    for (let i = 0; i < 25; i++) {
      const name = NAMES[rng.below(NAMES.length)] as string;
      const about = rng.uniform() < 0.5 ? own[rng.below(own.length)] : undefined;
      events.push(
        clientEvent(unitId, START + Math.floor((rng.uniform() * 26 - 14) * DAY), {
          name,
          decisionId: about?.id ?? null,
          value: name === 'watch' ? rng.below(4000) : name === 'rating' ? 4 : null,
        }),
      );
    }
  }
  // An exposure that names somebody else's decision enters nobody, and casts doubt on the unit that it was made for.
  events.push(
    clientEvent('stranger', START, { kind: 'exposure', decisionId: (decisions[0] as DecisionRecord).id }),
  );
  return { decisions, events };
}

interface Unit {
  readonly arm: string;
  readonly firstAt: number;
  readonly crossover: boolean;
  /** Another unit sent an exposure of a decision of this one. */
  readonly claimed: boolean;
  readonly mine: readonly ClientEvent[];
  readonly ownIds: ReadonlySet<string>;
  readonly selfExposed: readonly DecisionRecord[];
}

/** The same definitions in plain JavaScript over raw events. */
function bruteForce({ decisions, events }: Facts): Map<string, Unit> {
  const byId = new Map(decisions.map((made) => [made.id, made]));
  const seen = new Map<string, { at: number; arm: string }[]>();
  const see = (unitId: string, at: number, arm: string): void =>
    void seen.set(unitId, [...(seen.get(unitId) ?? []), { at, arm }]);
  for (const one of events) {
    const made = one.kind === 'exposure' ? byId.get(one.decisionId ?? '') : undefined;
    if (made && made.unitId === one.unitId) see(one.unitId, one.at, made.arm as string);
  }
  const claimed = new Set(
    events.flatMap((one) => {
      const made = one.kind === 'exposure' ? byId.get(one.decisionId ?? '') : undefined;
      return made && made.unitId !== one.unitId ? [made.unitId] : [];
    }),
  );
  for (const made of decisions) if (made.exposed) see(made.unitId, made.at, made.arm as string);
  return new Map(
    [...seen].map(([unitId, looks]) => {
      const first = looks.reduce((a, b) => (b.at < a.at ? b : a));
      const own = decisions.filter((made) => made.unitId === unitId);
      return [
        unitId,
        {
          arm: first.arm,
          firstAt: first.at,
          crossover: new Set(looks.map(({ arm }) => arm)).size > 1,
          claimed: claimed.has(unitId),
          mine: events.filter((one) => one.unitId === unitId),
          ownIds: new Set(own.map(({ id }) => id)),
          selfExposed: own.filter(({ exposed }) => exposed),
        },
      ];
    }),
  );
}

function measured(unit: Unit, measure: Measure, metric: MetricDefinition, before: number | null): number {
  const inTime = (at: number): boolean => {
    if (before !== null) return at < unit.firstAt && at >= unit.firstAt - before * DAY;
    if (at < unit.firstAt) return false;
    if (!measure.days) return true;
    const day =
      metric.kind === 'retention'
        ? Math.floor(at / DAY) - Math.floor(unit.firstAt / DAY)
        : Math.floor((at - unit.firstAt) / DAY);
    return day >= measure.days[0] && day < measure.days[1];
  };
  if (measure.fold === 'exposures') {
    const ids = new Set(
      unit.mine
        .filter((one) => one.kind === 'exposure' && inTime(one.at) && unit.ownIds.has(one.decisionId ?? ''))
        .map((one) => one.decisionId),
    );
    for (const made of unit.selfExposed) if (inTime(made.at)) ids.add(made.id);
    return ids.size * (measure.scale ?? 1);
  }
  const rows = unit.mine.filter(
    (one) =>
      one.kind === 'outcome' &&
      measure.events.includes(one.name ?? '') &&
      inTime(one.at) &&
      (measure.scope === 'unit' || unit.ownIds.has(one.decisionId ?? '')),
  );
  const folded = {
    count: rows.length,
    sum: rows.reduce((sum, one) => sum + (one.value ?? 0), 0),
    any: rows.length > 0 ? 1 : 0,
    'distinct-days': new Set(rows.map((one) => Math.floor(one.at / DAY))).size,
    first: Number.NaN,
  }[measure.fold];
  return folded * (measure.scale ?? 1);
}

describe('rollups', () => {
  let db: TestDatabase;
  let facts: Facts;
  let units: Map<string, Unit>;
  const shuffled = <T>(list: readonly T[], seed: string): T[] => {
    const rng = createRng(seed);
    return [...list]
      .map((one) => ({ one, key: rng.uniform() }))
      .sort((a, b) => a.key - b.key)
      .map(({ one }) => one);
  };

  beforeAll(async () => {
    db = await createTestDatabase();
    const { database } = db;
    await database.query(`insert into surface (key, title, kind) values ('home', 'Home', 'value')`);
    await database.query(`insert into layer (key, title, salt) values ('l', 'L', 'l')`);
    await database.query(
      `insert into experiment (key, title, surface, status, layer, layer_from, layer_to, traffic, arms, salt, decision_metric, secondary_metrics)
       values ('x', 'X', 'home', 'running', 'l', 0, 1, 1, '[]', 'x', $1, $2)`,
      [METRICS[0]?.key, METRICS.slice(1).map(({ key }) => key)],
    );
    facts = randomFacts();
    units = bruteForce(facts);
    // Out of order, in pieces, some events before their decisions and some batches twice, a rollup after each piece.
    const store = new FactStore(database);
    const rollUp = new RollUp(database);
    const events = shuffled(facts.events, 'events');
    const decisions = shuffled(facts.decisions, 'decisions');
    const pieces = 4;
    for (let i = 0; i < pieces; i++) {
      const part = events.filter((_, index) => index % pieces === i);
      const batch = {
        count: part.length,
        firstAt: Math.min(...part.map(({ at }) => at)),
        lastAt: Math.max(...part.map(({ at }) => at)),
        lines: part.map(encodeEvent).join(''),
      };
      await store.insertEvents(batch);
      if (i % 2 === 0) await store.insertEvents(batch);
      await rollUp.run(NOW);
      await store.insertDecisions(decisions.filter((_, index) => index % pieces === i).map(encodeDecision));
      await rollUp.run(NOW);
    }
    await rollUpAll(database, NOW);
  }, 120_000);
  afterAll(() => db.drop());

  it('enters exactly the exposed units, at their first exposure, and marks those seen in two arms', async () => {
    const rows = await db.database.query<{
      unit_id: string;
      arm: string;
      first_at: Date;
      crossover: boolean;
      attributes: unknown;
    }>(`select unit_id, arm, first_at, crossover, attributes from experiment_unit`);
    expect(
      new Map(rows.map((row) => [row.unit_id, [row.arm, row.first_at.getTime(), row.crossover]])),
    ).toEqual(new Map([...units].map(([id, unit]) => [id, [unit.arm, unit.firstAt, unit.crossover]])));
    expect(rows.some((row) => row.crossover)).toBe(true);
    expect([...units.values()].some(({ claimed }) => claimed)).toBe(true);
    expect(rows.find((row) => row.unit_id === 'u1')?.attributes ?? { device: 'tv' }).toEqual({
      device: 'tv',
    });
  });

  it.each(METRICS.map((metric) => [metric.key, metric] as const))(
    'computes %s of every unit as raw events say',
    async (_key, metric) => {
      const rows = await db.database.query<{ unit_id: string; y: number; d: number; x: number }>(
        `select unit_id, y, d, x from unit_metric where experiment = 'x' and metric = $1`,
        [metric.key],
      );
      expect(rows.length).toBe(units.size);
      for (const row of rows) {
        const unit = units.get(row.unit_id) as Unit;
        expect(row.y).toBeCloseTo(measured(unit, metric.numerator, metric, null), 9);
        expect(row.d).toBeCloseTo(
          metric.denominator ? measured(unit, metric.denominator, metric, null) : 1,
          9,
        );
        expect(row.x).toBeCloseTo(
          metric.covariateDays === undefined
            ? 0
            : measured(unit, metric.numerator, metric, metric.covariateDays),
          9,
        );
      }
    },
  );

  it('keeps moments of mature units only, without those in several arms or under two ids', async () => {
    const moments = await matureMoments(db.database, 'x', METRICS, NOW);
    for (const metric of METRICS) {
      for (const arm of ARMS) {
        const days =
          metric.maturityDays === 0
            ? -1
            : metric.kind === 'retention'
              ? metric.maturityDays
              : metric.maturityDays + 1;
        const members = [...units.values()].filter(
          (unit) =>
            unit.arm === arm &&
            !unit.crossover &&
            !unit.claimed &&
            Math.floor(unit.firstAt / DAY) + days <= Math.floor(NOW.getTime() / DAY),
        );
        const expected = fromValues(
          members.map((unit) => measured(unit, metric.numerator, metric, null)),
          members.map((unit) => (metric.denominator ? measured(unit, metric.denominator, metric, null) : 1)),
          members.map((unit) =>
            metric.covariateDays === undefined
              ? 0
              : measured(unit, metric.numerator, metric, metric.covariateDays),
          ),
        );
        const got = moments.get(metric.key)?.get(arm);
        expect(got?.n ?? 0).toBe(expected.n);
        if (!got) continue;
        expect(got.nonZero).toBe(expected.nonZero);
        for (let i = 0; i < 3; i++) expect(got.mean[i]).toBeCloseTo(expected.mean[i] as number, 9);
        for (let i = 0; i < 6; i++)
          expect(got.comoment[i] as number).toBeCloseTo(expected.comoment[i] as number, 6);
      }
    }
  });

  it('changes nothing when it runs again', async () => {
    const snapshot = () => db.database.query(`select * from unit_metric order by metric, unit_id`);
    const before = await snapshot();
    await new RollUp(db.database).run(NOW);
    expect(await snapshot()).toEqual(before);
  });
});
