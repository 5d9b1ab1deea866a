import { createHash } from 'node:crypto';
import type { MetricDefinition } from '#metrics';
import type { Sql } from '../persistence/database.js';

/** Place of each metric in the arrays of unit_values, from 1, as metric_slot has it. */
export type Slots = ReadonlyMap<string, number>;

/** A row of metric_slot; `definition` says by what the units were last computed, null: not by what it is now. */
export interface Slot {
  readonly metric: string;
  readonly slot: number;
  readonly definition: string | null;
}

/** The places of the metrics of all experiments. */
export async function loadSlots(sql: Sql): Promise<ReadonlyMap<string, readonly Slot[]>> {
  const rows = await sql.query<Slot & { experiment: string }>(
    `select experiment, metric, slot, definition from metric_slot`,
  );
  const found = new Map<string, Slot[]>();
  for (const { experiment, ...slot } of rows) {
    const own = found.get(experiment);
    if (own) own.push(slot);
    else found.set(experiment, [slot]);
  }
  return found;
}

/** Changes with everything that a metric's numbers hang on besides events: definition and end of the experiment. */
const hashOf = (definition: MetricDefinition, stoppedAt: Date | null): string =>
  createHash('md5').update(JSON.stringify({ definition, stoppedAt })).digest('hex');

/**
 * Gives every metric of an experiment its place, for ever: a metric that the experiment no longer has keeps its place
 * but loses its hash, so that it counts as changed when it comes back.
 * @returns the places, and whether a metric is new, back or defined anew: then all units must be computed.
 */
export async function assignSlots(
  sql: Sql,
  { experiment, metrics, stoppedAt }: Measured,
  known: readonly Slot[],
): Promise<{ readonly slots: Slots; readonly changed: boolean }> {
  const before = new Map(known.map((row) => [row.metric, row]));
  let last = Math.max(0, ...known.map(({ slot }) => slot));
  const wanted = metrics.map((metric): Slot => ({
    metric: metric.key,
    slot: before.get(metric.key)?.slot ?? ++last,
    definition: hashOf(metric, stoppedAt),
  }));
  const kept = new Set(wanted.map(({ metric }) => metric));
  const left = known.flatMap((row) =>
    kept.has(row.metric) || row.definition === null ? [] : [{ ...row, definition: null }],
  );
  const changed = wanted.filter((row) => before.get(row.metric)?.definition !== row.definition);
  if (changed.length + left.length > 0)
    await sql.query(
      `insert into metric_slot (experiment, metric, slot, definition)
       select $1, metric, slot, definition
         from jsonb_to_recordset($2::jsonb) as r (metric text, slot integer, definition text)
       on conflict (experiment, metric) do update set definition = excluded.definition`,
      [experiment, JSON.stringify([...changed, ...left])],
    );
  const all = [...known, ...changed].map(({ metric, slot }) => [metric, slot] as const);
  return { slots: new Map(all), changed: changed.length > 0 };
}

/** What an experiment measures, and until when. */
export interface Measured {
  readonly experiment: string;
  readonly metrics: readonly MetricDefinition[];
  readonly stoppedAt: Date | null;
}
