import { Inject, Injectable } from '@nestjs/common';
import { OUTCOME_NAMES, metricFaults, metricRegistry } from '#metrics';
import type { MetricDefinition } from '#metrics';
import { refuseManaged } from '../access/managed.js';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Sql, Transaction } from '../persistence/database.js';

/** A metric with where it comes from. Those of the program are version 1 and have no maker. */
export type MetricView = MetricDefinition & {
  readonly origin: 'built-in' | 'own';
  readonly version: number;
  readonly archived: boolean;
  readonly createdBy: string | null;
  readonly createdAt: string | null;
};

export interface MetricVersion {
  readonly version: number;
  readonly definition: MetricDefinition;
  readonly createdBy: string | null;
  readonly createdAt: string | null;
}

export interface MetricUse {
  readonly experiment: string;
  readonly title: string;
  readonly status: string;
  readonly role: 'decision' | 'secondary' | 'guardrail';
  /** The version it was launched with; null: the newest, since it has not started. */
  readonly version: number | null;
}

interface MetricRow extends Record<string, unknown> {
  readonly version: number;
  readonly definition: MetricDefinition;
  readonly created_by: string;
  readonly created_at: Date;
  readonly archived: boolean;
}

/** Days of events among which an outcome that the program does not know must have been seen. */
const SEEN_DAYS = 7;

const builtInView = (definition: MetricDefinition): MetricView => ({
  ...definition,
  origin: 'built-in',
  version: 1,
  archived: false,
  createdBy: null,
  createdAt: null,
});

const ownView = (row: MetricRow): MetricView => ({
  ...row.definition,
  origin: 'own',
  version: row.version,
  archived: row.archived,
  createdBy: row.created_by,
  createdAt: row.created_at.toISOString(),
});

/** Metrics that analysts make, beside those of the program. Nothing is ever changed in place: every change is a version. */
@Injectable()
export class MetricsService {
  constructor(@Inject(Database) private readonly db: Database) {}

  async list({ archived }: { readonly archived: boolean }): Promise<MetricView[]> {
    const rows = await this.db.query<MetricRow>(
      `select distinct on (key) version, definition, created_by, created_at, archived
         from metric where $1 or not archived order by key, version desc`,
      [archived],
    );
    return [...metricRegistry.list().map(builtInView), ...rows.map(ownView)];
  }

  /** @throws Problem 404. */
  async get(key: string): Promise<{
    readonly metric: MetricView;
    readonly versions: readonly MetricVersion[];
    readonly experiments: readonly MetricUse[];
  }> {
    const builtIn = metricRegistry.find(key);
    const rows = builtIn ? [] : await versionsOf(this.db, key);
    const [newest] = rows;
    if (!builtIn && !newest) throw Problem.notFound('Metric', key);
    return {
      metric: builtIn ? builtInView(builtIn) : ownView(newest as MetricRow),
      versions: builtIn
        ? [{ version: 1, definition: builtIn, createdBy: null, createdAt: null }]
        : rows.map((row) => ({
            version: row.version,
            definition: row.definition,
            createdBy: row.created_by,
            createdAt: row.created_at.toISOString(),
          })),
      experiments: await this.uses(key),
    };
  }

  /** @throws Problem 409 `already_exists`, 400 with one error per field. */
  async create(definition: MetricDefinition, acting: Acting): Promise<MetricView> {
    return this.db.transaction(async (tx) => {
      await refuseFaults(tx, definition);
      const taken = metricRegistry.find(definition.key) ?? (await versionsOf(tx, definition.key))[0];
      if (taken)
        throw Problem.conflict('already_exists', `A metric with the key "${definition.key}" exists already`);
      return store(tx, definition, 1, acting);
    });
  }

  /**
   * A new version; experiments that are running keep theirs.
   * @throws Problem 404, 409 `built_in`, 409 `version_conflict`, 400 with one error per field.
   */
  async change(definition: MetricDefinition, version: number, acting: Acting): Promise<MetricView> {
    return this.db.transaction(async (tx) => {
      const before = await lockOwn(tx, definition.key);
      if (before.version !== version)
        throw Problem.conflict(
          'version_conflict',
          `Version ${version} was changed, but the current one is ${before.version}: read it again and repeat the change`,
        );
      await refuseManaged(tx, acting, 'metric', definition.key);
      await refuseFaults(tx, definition);
      return store(tx, definition, version + 1, acting, before);
    });
  }

  /** Archived metrics are not offered any more; experiments that use them go on. @throws Problem 404, 409 `built_in`. */
  async archive(key: string, archived: boolean, acting: Acting): Promise<MetricView> {
    return this.db.transaction(async (tx) => {
      const before = await lockOwn(tx, key);
      const after = { ...before, archived };
      if (before.archived === archived) return ownView(after);
      await refuseManaged(tx, acting, 'metric', key);
      await tx.query('update metric set archived = $2 where key = $1', [key, archived]);
      await recordChange(tx, acting, {
        action: archived ? 'metric.archive' : 'metric.restore',
        entity: 'metric',
        entityKey: key,
        before: ownView(before),
        after: ownView(after),
      });
      return ownView(after);
    });
  }

  private async uses(key: string): Promise<MetricUse[]> {
    return this.db.query<MetricUse & Record<string, unknown>>(
      `select key as experiment, title, status, (metric_versions ->> $1)::integer as version,
              case when decision_metric = $1 then 'decision' when $1 = any(guardrail_metrics) then 'guardrail' else 'secondary' end as role
         from experiment
        where decision_metric = $1 or $1 = any(secondary_metrics) or $1 = any(guardrail_metrics)
        order by created_at desc, key`,
      [key],
    );
  }
}

const versionsOf = (sql: Sql, key: string): Promise<MetricRow[]> =>
  sql.query<MetricRow>(
    `select version, definition, created_by, created_at, archived from metric where key = $1 order by version desc`,
    [key],
  );

/** The newest version, kept from others until the transaction ends. */
async function lockOwn(tx: Transaction, key: string): Promise<MetricRow> {
  if (metricRegistry.find(key))
    throw Problem.conflict('built_in', `"${key}" is defined by the program and cannot be changed here`);
  await tx.query(`select pg_advisory_xact_lock(hashtext('marquee.metric.' || $1))`, [key]);
  const [newest] = await versionsOf(tx, key);
  if (!newest) throw Problem.notFound('Metric', key);
  return newest;
}

async function store(
  tx: Transaction,
  definition: MetricDefinition,
  version: number,
  acting: Acting,
  before?: MetricRow,
): Promise<MetricView> {
  const [row] = await tx.query<MetricRow>(
    `insert into metric (key, version, definition, created_by, archived) values ($1, $2, $3::jsonb, $4, $5)
     on conflict do nothing returning version, definition, created_by, created_at, archived`,
    [definition.key, version, JSON.stringify(definition), acting.actor, before?.archived ?? false],
  );
  if (!row)
    throw Problem.conflict('already_exists', `A metric with the key "${definition.key}" exists already`);
  const after = ownView(row);
  await recordChange(tx, acting, {
    action: before ? 'metric.change' : 'metric.create',
    entity: 'metric',
    entityKey: definition.key,
    ...(before ? { before: ownView(before) } : {}),
    after,
  });
  return after;
}

/** @throws Problem 400 `invalid_metric` with one error per field. */
async function refuseFaults(sql: Sql, definition: MetricDefinition): Promise<void> {
  const known = new Set<string>(OUTCOME_NAMES);
  for (const name of await seenOutcomes(sql, definition)) known.add(name);
  const errors = metricFaults(definition, (name) => known.has(name)).map(({ field, message }) => ({
    pointer: `/${field}`,
    code: 'invalid_metric',
    message,
  }));
  const [first] = errors;
  if (first) throw new Problem(400, 'invalid_metric', `${first.pointer}: ${first.message}`, errors);
}

/** Of the outcomes that the program does not know, those that clients have sent lately. */
async function seenOutcomes(
  sql: Sql,
  { numerator, denominator, after }: MetricDefinition,
): Promise<string[]> {
  const names = [numerator, ...(denominator ? [denominator] : []), ...(after ?? [])].flatMap(
    ({ events }) => events,
  );
  const unknown = [...new Set(names)].filter((name) => !OUTCOME_NAMES.some((outcome) => outcome === name));
  if (unknown.length === 0) return [];
  const rows = await sql.query<{ name: string }>(
    `select n.name from unnest($1::text[]) as n (name)
      where exists (select from event e where e.name = n.name and e.at > now() - make_interval(days => $2))`,
    [unknown, SEEN_DAYS],
  );
  return rows.map(({ name }) => name);
}
