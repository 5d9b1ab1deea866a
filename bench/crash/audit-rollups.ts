import type pg from 'pg';
import type { StoredEvent } from './audit-events.js';
import { EXPERIMENT, METRICS } from './load.js';

/** Numerator and denominator of each metric of one unit. */
type UnitValues = Readonly<Record<(typeof METRICS)[number], readonly [number, number]>>;

interface Unit {
  readonly arm: string;
  readonly firstAt: string;
  readonly crossover: boolean;
}

interface Decision {
  readonly id: string;
  readonly unit_id: string;
  readonly arm: string;
}

export interface RollupAudit {
  readonly units: number;
  /** Units, unit metrics and cohort moments that differ from the raw facts. */
  readonly wrongUnits: number;
  readonly wrongMetrics: number;
  readonly wrongMoments: number;
}

const close = (a: number, b: number): boolean =>
  Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));

/** Computes the rollups again from the raw facts, the slow and obvious way, and compares. */
export async function auditRollups(client: pg.Client, events: readonly StoredEvent[]): Promise<RollupAudit> {
  const { rows } = await client.query<Decision>(
    'select id, unit_id, arm from decision where experiment = $1',
    [EXPERIMENT],
  );
  const decisions = new Map(rows.map((row) => [row.id, row]));
  const units = enter(events, decisions);
  const values = new Map([...units].map(([id, unit]) => [id, valuesOf(id, unit, events, decisions)]));
  return {
    units: units.size,
    wrongUnits: await wrongUnits(client, units),
    wrongMetrics: await wrongMetrics(client, values),
    wrongMoments: await wrongMoments(client, units, values),
  };
}

/** Whose decision an event is about, if it is one of that unit's own. */
function decisionOf(event: StoredEvent, decisions: ReadonlyMap<string, Decision>): Decision | undefined {
  const decision = event.decision_id === null ? undefined : decisions.get(event.decision_id);
  return decision?.unit_id === event.unit_id ? decision : undefined;
}

function enter(events: readonly StoredEvent[], decisions: ReadonlyMap<string, Decision>): Map<string, Unit> {
  const units = new Map<string, Unit>();
  for (const event of events) {
    const decision = event.kind === 'exposure' ? decisionOf(event, decisions) : undefined;
    if (!decision) continue;
    const known = units.get(event.unit_id);
    const isFirst = !known || event.at < known.firstAt;
    units.set(event.unit_id, {
      arm: isFirst ? decision.arm : known.arm,
      firstAt: isFirst ? event.at : known.firstAt,
      crossover: known !== undefined && (known.crossover || known.arm !== decision.arm),
    });
  }
  return units;
}

function valuesOf(
  id: string,
  unit: Unit,
  events: readonly StoredEvent[],
  decisions: ReadonlyMap<string, Decision>,
): UnitValues {
  const after = events.filter((event) => event.unit_id === id && event.at >= unit.firstAt);
  const attributed = after.filter((event) => decisionOf(event, decisions) !== undefined);
  const named = (name: string): StoredEvent[] => attributed.filter((event) => event.name === name);
  const seconds = after
    .filter(({ name }) => name === 'watch')
    .reduce((sum, { value }) => sum + (value ?? 0), 0);
  const seen = new Set(
    attributed.filter(({ kind }) => kind === 'exposure').map((event) => event.decision_id),
  );
  return {
    'play-rate': [named('play').length > 0 ? 1 : 0, 1],
    'watch-minutes': [seconds / 60, 1],
    'click-through': [named('click').length, seen.size],
  };
}

async function wrongUnits(client: pg.Client, units: ReadonlyMap<string, Unit>): Promise<number> {
  const { rows } = await client.query<{ unit_id: string; arm: string; crossover: boolean; at: string }>(
    `select unit_id, arm, crossover, to_char(first_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
     from experiment_unit where experiment = $1`,
    [EXPERIMENT],
  );
  const right = rows.filter((row) => {
    const unit = units.get(row.unit_id);
    return unit?.arm === row.arm && unit.crossover === row.crossover && unit.firstAt === row.at;
  }).length;
  return rows.length - right + (units.size - right);
}

async function wrongMetrics(client: pg.Client, values: ReadonlyMap<string, UnitValues>): Promise<number> {
  const { rows } = await client.query<{
    unit_id: string;
    metric: (typeof METRICS)[number];
    y: number;
    d: number;
  }>('select unit_id, metric, y, d from unit_metric where experiment = $1', [EXPERIMENT]);
  const right = rows.filter(({ unit_id, metric, y, d }) => {
    const value = values.get(unit_id)?.[metric];
    return value !== undefined && close(y, value[0]) && close(d, value[1]);
  }).length;
  return rows.length - right + (values.size * METRICS.length - right);
}

async function wrongMoments(
  client: pg.Client,
  units: ReadonlyMap<string, Unit>,
  values: ReadonlyMap<string, UnitValues>,
): Promise<number> {
  const { rows } = await client.query<{
    metric: (typeof METRICS)[number];
    arm: string;
    n: number;
    sum: number;
    yy: number;
  }>(
    `select metric, arm, sum(n)::float8 as n, sum(n * mean_y)::float8 as sum, sum(yy + n * mean_y * mean_y)::float8 as yy
     from moments_cohort where experiment = $1 group by metric, arm`,
    [EXPERIMENT],
  );
  const arms = new Set([...units.values()].map((unit) => unit.arm));
  const right = rows.filter(({ metric, arm, n, sum, yy }) => {
    const ys = [...units]
      .filter(([, unit]) => unit.arm === arm && !unit.crossover)
      .map(([id]) => values.get(id)?.[metric][0] ?? NaN);
    const total = ys.reduce((all, y) => all + y, 0);
    return (
      ys.length === n &&
      close(total, sum) &&
      close(
        ys.reduce((all, y) => all + y * y, 0),
        yy,
      )
    );
  }).length;
  return rows.length - right + (arms.size * METRICS.length - right);
}
