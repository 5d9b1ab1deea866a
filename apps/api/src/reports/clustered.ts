import { clusterKind, hasClusterForm } from '#metrics';
import type { ReportMetric } from '#metrics';
import { Problem } from '../http/problem.js';
import type { Database } from '../persistence/database.js';
import type { Population, ReportedExperiment } from './report-store.js';

/** Why a metric of clustered units has no lift. */
export const NO_CLUSTER_FORM = 'no_cluster_form';

/** Metrics as they are compared where clusters were assigned; those without a cluster-robust form show no lift. */
export function clusteredMetrics(metrics: readonly ReportMetric[]): ReportMetric[] {
  return metrics.map((metric) =>
    hasClusterForm(metric.definition)
      ? { ...metric, definition: { ...metric.definition, kind: clusterKind(metric.definition) } }
      : { ...metric, withheld: NO_CLUSTER_FORM },
  );
}

/** The first line of how an effect follows from its moments, where these are of clusters. */
export const withClusterNote = (
  formula: readonly string[],
  clusters: ReportClusters | null,
): readonly string[] =>
  clusters === null || formula.length === 0
    ? formula
    : [
        `n counts clusters by ${clusters.by}; a mean is the sum of values over the number of units, and s² is the variance of the clusters' (sum of values − mean × units) / mean size (Liang and Zeger 1986, CR1)`,
        ...formula,
      ];

/**
 * Refuses an analysis that takes every unit for one that was assigned by itself: its intervals would be too narrow.
 * @throws Problem 409 `assigned_by_cluster`.
 */
export function requireOwnAssignment({ key, clusters }: ReportedExperiment, what: string): void {
  if (clusters === null) return;
  throw Problem.conflict(
    'assigned_by_cluster',
    `"${key}" assigns units by ${clusters.by}, and ${what} counts every unit as if it had been assigned by itself: its intervals would be too narrow. The report's own lifts and intervals know of the clusters.`,
  );
}

/** Clusters as a population of their own: each enters with its first unit, in the arm of that unit. */
const CLUSTER_ENTRIES = `
with c as (
  select distinct on (u.attributes ->> $3) u.arm, coalesce(u.phase, 0) as phase, u.entered_on::text as day, u.first_at
    from experiment_unit u
   where u.experiment = $1 and u.first_at <= $2 and u.attributes ? $3 and ($6::boolean or u.left_out is null)
     and ($4::text is null or u.attributes ->> $4 = $5)
   order by u.attributes ->> $3, u.first_at, u.unit_id)
select arm, phase, day, count(*)::int as units from c group by arm, phase, day order by phase, day, arm`;

/** What a report says of the clusters that it counts instead of units. */
export interface ReportClusters {
  readonly by: string;
  readonly perArm: Readonly<Record<string, number>>;
  readonly total: number;
  /** Units of one cluster on average; null: there is none. */
  readonly meanSize: number | null;
  /** Units whose first context named no cluster: in no lift. */
  readonly unitsWithoutCluster: number;
}

/** What a report is narrowed to. */
interface Scope {
  readonly asOf: Date;
  readonly segment: { readonly attribute: string; readonly value: string } | null;
  /** Also units that rules leave out. */
  readonly everybody: boolean;
}

/** Who is counted in a report: units, or the clusters that they were assigned by. */
export interface Counted {
  readonly population: Population;
  readonly clusters: ReportClusters | null;
  /** The planned size in what is counted. */
  readonly plannedUnits: number | null;
}

/** What the figures of a report count: its units, or where they were assigned by cluster the clusters. */
export async function countedOf(
  db: Database,
  experiment: ReportedExperiment,
  units: Population,
  { asOf, segment, everybody }: Scope,
): Promise<Counted> {
  const { clusters, plannedUnits } = experiment;
  if (clusters === null) return { population: units, clusters: null, plannedUnits };
  const population = await clusterPopulation(db, { ...experiment, clusters }, units, {
    asOf,
    segment,
    everybody,
  });
  const [row] = await db.query<{ without: number }>(
    `select count(*)::int as without from experiment_unit
      where experiment = $1 and first_at <= $2 and ($6::boolean or left_out is null) and not attributes ? $3
        and ($4::text is null or attributes ->> $4 = $5)`,
    [experiment.key, asOf, clusters.field, segment?.attribute ?? null, segment?.value ?? null, everybody],
  );
  const total = sumOf(population.perArm);
  const without = row?.without ?? 0;
  const meanSize = total > 0 ? (sumOf(units.perArm) - without) / total : null;
  return {
    population,
    clusters: {
      by: clusters.by,
      perArm: Object.fromEntries(population.perArm),
      total,
      meanSize,
      unitsWithoutCluster: without,
    },
    plannedUnits: plannedUnits === null || !meanSize ? plannedUnits : Math.ceil(plannedUnits / meanSize),
  };
}

const sumOf = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, n) => sum + n, 0);

/** @param units the population of units, whose phases and weights clusters share. */
async function clusterPopulation(
  db: Database,
  experiment: ReportedExperiment & { readonly clusters: NonNullable<ReportedExperiment['clusters']> },
  units: Population,
  { asOf, segment, everybody }: Scope,
): Promise<Population> {
  const entries = await db.query<Population['entries'][number] & Record<string, unknown>>(CLUSTER_ENTRIES, [
    experiment.key,
    asOf,
    experiment.clusters.field,
    segment?.attribute ?? null,
    segment?.value ?? null,
    everybody,
  ]);
  const perArm = new Map<string, number>();
  const perPhase = new Map<number, number>();
  for (const { arm, phase, units: n } of entries) {
    perArm.set(arm, (perArm.get(arm) ?? 0) + n);
    perPhase.set(phase, (perPhase.get(phase) ?? 0) + n);
  }
  return {
    ...units,
    perArm,
    phases: units.phases.map((phase) => ({ ...phase, units: perPhase.get(phase.phase) ?? 0 })),
    entries,
    // Units of clusters say nothing of the split.
    everybody: { perArm, entries },
  };
}
