import { metricRegistry } from '#metrics';
import type { MetricDefinition } from '#metrics';
import type { Sql } from './database.js';

/** Metric keys with the version of each that an experiment was launched with. */
export type PinnedVersions = Readonly<Record<string, number>>;

/**
 * Every metric that there is: those of the program and those that analysts made. The only place where a key becomes a
 * definition.
 */
export class MetricCatalogue {
  /** @param own definitions by key and version; @param archived keys that are no longer offered. */
  constructor(
    private readonly own: ReadonlyMap<string, ReadonlyMap<number, MetricDefinition>>,
    private readonly archived: ReadonlySet<string>,
  ) {}

  /** What new experiments can use: the newest version of each that is not archived. */
  offered(): MetricDefinition[] {
    const keys = [...this.own.keys()].filter((key) => !this.archived.has(key) && !metricRegistry.find(key));
    return [...metricRegistry.list(), ...this.definitionsOf(keys)];
  }

  isArchived(key: string): boolean {
    return this.archived.has(key);
  }

  /**
   * The pinned version, else that of the program, else the newest; undefined for a key that does not exist. A release
   * may bring a metric under a key that analysts used before: what was launched with theirs keeps theirs.
   */
  find(key: string, pinned: PinnedVersions = {}): MetricDefinition | undefined {
    const versions = this.own.get(key);
    const fixed = versions?.get(pinned[key] ?? 0) ?? metricRegistry.find(key);
    return fixed ?? versions?.get(Math.max(...versions.keys()));
  }

  /** The definitions behind an experiment's metric keys, each once; keys that no longer exist are left out. */
  definitionsOf(keys: readonly string[], pinned: PinnedVersions = {}): MetricDefinition[] {
    return [...new Set(keys)].flatMap((key) => this.find(key, pinned) ?? []);
  }
}

/** Reads the catalogue: all versions of the analysts' metrics. @param keys of those that matter; absent: all. */
export async function loadMetricCatalogue(sql: Sql, keys?: readonly string[]): Promise<MetricCatalogue> {
  const rows = await sql.query<{
    key: string;
    version: number;
    definition: MetricDefinition;
    archived: boolean;
  }>(
    `select key, version, definition, archived from metric
      where $1::text[] is null or key = any($1) order by key, version`,
    [keys ?? null],
  );
  const own = new Map<string, Map<number, MetricDefinition>>();
  for (const { key, version, definition } of rows) {
    const versions = own.get(key) ?? new Map<number, MetricDefinition>();
    own.set(key, versions.set(version, definition));
  }
  return new MetricCatalogue(own, new Set(rows.filter(({ archived }) => archived).map(({ key }) => key)));
}

/**
 * Fixes which versions of its metrics an experiment uses: the newest of each that is not fixed yet. Called whenever an
 * experiment that is no draft was changed, so that its reports keep what they were launched with. Keys that the program
 * has taken over are not fixed anew.
 */
export async function pinMetricVersions(sql: Sql, experiment: string): Promise<void> {
  await sql.query(
    `update experiment x set metric_versions = newest.versions || x.metric_versions
       from (select e.key, jsonb_object_agg(m.key, m.version) as versions
               from experiment e join (select key, max(version) as version from metric where key <> all ($2) group by key) m
                 on m.key = any(array_append(e.secondary_metrics || e.guardrail_metrics, e.decision_metric))
              where e.key = $1 group by e.key) newest
      where x.key = newest.key`,
    [experiment, metricRegistry.list().map(({ key }) => key)],
  );
}
