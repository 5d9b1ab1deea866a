import { bucketOf, chooseVariation, membershipsOf, realisedShares, splitRanges } from '#experiments';
import { BUCKETS } from '#experiments';
import type { Arm, Context, Experiment, HashVersion, KeptUnits, Layer } from '#experiments';
import type { Sql } from './database.js';

/** Units that one experiment may keep: each is a few dozen bytes in the memory of every process that serves. */
export const MOST_KEPT = 200_000;
const PAGE = 10_000;

/** Changes whenever the kept units change. */
export const KEPT_REVISION = `select concat(count(*), '/', max(seq)) from kept_unit`;

interface KeptRow extends Record<string, unknown> {
  readonly experiment: string;
  readonly arm: string;
  readonly traffic: number | null;
  readonly arms: readonly Arm[] | null;
  readonly hashVersion: HashVersion | null;
  readonly units: string[];
}

/** Ids under which a request may keep an arm: its unit's, and any that the context names, of a cluster. */
export const idsIn = (unitId: string, context: Context): string[] => [
  unitId,
  ...Object.values(context).filter((value) => typeof value === 'string'),
];

/**
 * Units that keep an arm, with the probability that the arm had in the phase in which they entered.
 * @param ids of units and clusters; null: all.
 */
export async function readKept(db: Sql, ids: readonly string[] | null = null): Promise<KeptUnits[]> {
  const rows = await db.query<KeptRow>(
    `select k.experiment, k.arm, p.traffic, p.arms,
            (select e.hash_version from experiment e where e.key = k.experiment) as "hashVersion",
            array_agg(k.unit_id) as units
       from kept_unit k left join experiment_phase p on p.experiment = k.experiment and p.phase = k.phase
      where $1::text[] is null or k.unit_id = any($1)
      group by k.experiment, k.arm, p.phase, p.traffic, p.arms
      order by k.experiment, k.arm, p.phase`,
    [ids],
  );
  return rows.map(({ experiment, arm, traffic, arms, hashVersion, units }) => ({
    experiment,
    arm,
    armPropensity: arms === null ? 1 : shareOf(arms, traffic ?? 1, hashVersion ?? 2, arm),
    units,
  }));
}

function shareOf(arms: readonly Arm[], traffic: number, hashVersion: HashVersion, key: string): number {
  const index = arms.findIndex((arm) => arm.key === key);
  return realisedShares({ arms, traffic, hashVersion })[index] ?? 1;
}

type Hashing = Pick<Layer, 'key' | 'salt' | 'hashVersion'>;

/** How the layers are hashed, by key. */
async function hashingOf(tx: Sql, experiment: Experiment): Promise<Map<string, Hashing>> {
  const keys = membershipsOf(experiment).map(({ layer }) => layer);
  const rows = await tx.query<Hashing & Record<string, unknown>>(
    'select key, salt, hash_version as "hashVersion" from layer where key = any($1::text[])',
    [keys],
  );
  return new Map(rows.map((row) => [row.key, row]));
}

/** The arm that the hash alone gives a unit, whatever its targeting; null: none. */
async function armByHash(tx: Sql, experiment: Experiment): Promise<(unitId: string) => string | null> {
  const hashing = await hashingOf(tx, experiment);
  const layers = membershipsOf(experiment).map(({ layer, range }) => {
    const { salt = '', hashVersion } = hashing.get(layer) ?? {};
    return { range, bucket: bucketOf(salt, hashVersion) };
  });
  const split = bucketOf(experiment.salt, experiment.hashVersion);
  const ranges = splitRanges(experiment);
  return (unitId) => {
    const inside = layers.every(({ range, bucket }) => {
      const n = bucket(unitId) / BUCKETS;
      return n >= range[0] && n < range[1];
    });
    if (!inside) return null;
    return experiment.arms[chooseVariation(split(unitId) / BUCKETS, ranges)]?.key ?? null;
  };
}

export interface KeepOptions {
  /** Units that entered in an earlier phase are kept: by their decisions, whenever those come in. */
  readonly beforePhase: number;
  /** All of them, because a changed targeting may turn away any; false: those whom the hash gives another arm. */
  readonly all: boolean;
  /** Units that entered before this day are left aside; absent: all days. */
  readonly since?: Date;
}

interface Entered extends Record<string, unknown> {
  readonly unitId: string;
  readonly arm: string;
  readonly phase: number | null;
}

/** Units of one arm that entered before a phase, and since they were last dealt anew. */
const ENTERED = `u.experiment = $1 and not u.crossover and coalesce(u.phase, 0) < $3 and u.entered_on >= $4::date
   and (x.counted_from_phase = 1 or u.phase >= x.counted_from_phase)`;
const UNITS = `
select u.unit_id as "unitId", u.arm, u.phase from experiment_unit u join experiment x on x.key = u.experiment
 where u.unit_id > $2 and ${ENTERED} order by u.unit_id limit $5`;
/** Of a cluster all units keep the arm, also those that have not been seen yet. */
const CLUSTERS = `
select u.attributes ->> $6::text as "unitId", min(u.arm) as arm, min(u.phase) as phase
  from experiment_unit u join experiment x on x.key = u.experiment
 where u.attributes ->> $6::text > $2 and ${ENTERED}
 group by 1 having min(u.arm) = max(u.arm) order by 1 limit $5`;

/** The field of a unit's first context that names what is hashed for it; null: the unit itself is. */
async function clusterField(tx: Sql, { clusterBy, unitType }: Experiment): Promise<string | null> {
  if (!clusterBy || clusterBy === unitType) return null;
  const [type] = await tx.query<{ field: string | null }>(
    'select context_field as field from unit_type where key = $1',
    [clusterBy],
  );
  return type?.field ?? null;
}

/** Slots of a switchback that are over never come back. */
function sinceOf({ switchback }: Experiment, { since = new Date(0) }: KeepOptions): Date {
  if (!switchback) return since;
  const open = new Date(Date.now() - switchback.slotMinutes * 60_000);
  return open > since ? open : since;
}

/**
 * Keeps the arms of units that were exposed before a change, or of their clusters where those are assigned. What saw
 * several arms is not kept; whom the rules leave out of reports is.
 * @returns how many units the experiment keeps now; more than MOST_KEPT: the caller refuses the change.
 */
export async function keepUnits(tx: Sql, experiment: Experiment, options: KeepOptions): Promise<number> {
  const armOf = await armByHash(tx, experiment);
  const field = await clusterField(tx, experiment);
  const since = sinceOf(experiment, options);
  // No index has the clusters in order: few passes over the units.
  const page = field === null ? PAGE : MOST_KEPT;
  let kept = await countKept(tx, experiment.key);
  let after = '';
  for (;;) {
    const range = [experiment.key, after, options.beforePhase, since, page];
    const rows = await tx.query<Entered>(
      field === null ? UNITS : CLUSTERS,
      field === null ? range : [...range, field],
    );
    const chosen = rows.filter(({ unitId, arm }) => options.all || armOf(unitId) !== arm);
    kept += await insert(tx, experiment.key, chosen);
    const last = rows.at(-1);
    if (rows.length < page || !last || kept > MOST_KEPT) return kept;
    after = last.unitId;
  }
}

async function insert(
  tx: Sql,
  experiment: string,
  rows: readonly { unitId: string; arm: string; phase: number | null }[],
): Promise<number> {
  if (rows.length === 0) return 0;
  const added = await tx.query(
    `insert into kept_unit (experiment, unit_id, arm, phase)
     select $1, u, a, p from unnest($2::text[], $3::text[], $4::integer[]) as t (u, a, p)
     on conflict (experiment, unit_id) do nothing returning 1`,
    [
      experiment,
      rows.map(({ unitId }) => unitId),
      rows.map(({ arm }) => arm),
      rows.map(({ phase }) => phase),
    ],
  );
  return added.length;
}

export async function countKept(db: Sql, experiment: string): Promise<number> {
  const [row] = await db.query<{ n: number }>(
    'select count(*)::int as n from kept_unit where experiment = $1',
    [experiment],
  );
  return row?.n ?? 0;
}

/** What has ended keeps nobody. */
export async function dropKept(tx: Sql, experiment: string): Promise<void> {
  await tx.query('delete from kept_unit where experiment = $1', [experiment]);
}
