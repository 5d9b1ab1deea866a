import type { Sql } from './database.js';
import { howRead } from './feature-reads.js';
import type { FeatureReads, SeenFeatures } from './feature-reads.js';
import type { FeatureDefinition, FeatureEntity } from './feature-rules.js';

export interface FeatureChange {
  /** Of the schema that it made. */
  readonly version: number;
  readonly entity: FeatureEntity;
  readonly name: string;
  readonly action: 'register' | 'change' | 'retire';
  readonly definition: FeatureDefinition;
  readonly actor: string;
  readonly at: Date;
  /** What it changed, in words; empty where nothing changed for a model. */
  readonly what: readonly string[];
}

interface Row extends Omit<FeatureChange, 'what'>, Record<string, unknown> {
  readonly before: FeatureDefinition | null;
  readonly before_action: string | null;
}

const CHANGES = `
select * from (
  select version, entity, name, action, definition, actor, at,
    lag(definition) over w as before, lag(action) over w as before_action
  from feature_change where entity <> 'schema' and ($2::text is null or (entity = $2 and name = $3))
  window w as (partition by entity, name order by version)) changes
where version > $1 order by version desc`;

const shown = (value: unknown): string =>
  value === null ? 'none' : typeof value === 'string' ? value : JSON.stringify(value);

/** What of its meaning a feature changed. */
const FIELDS = ['kind', 'unit', 'range', 'source'] as const;

const fieldsChanged = (before: FeatureDefinition, now: FeatureDefinition): string[] =>
  FIELDS.filter((field) => JSON.stringify(now[field]) !== JSON.stringify(before[field])).map(
    (field) => `${field} was ${shown(before[field])}, is ${shown(now[field])}`,
  );

const FLAGS = {
  sensitive: ['now sensitive: policies do not get it any more', 'no longer sensitive: policies get it again'],
  consent: [
    'now needs consent: policies get it of fewer members',
    'no longer needs consent: policies get it of more members',
  ],
} as const;

/** One that nobody had registered was told to everybody. */
const flagsChanged = (before: FeatureDefinition | null, now: FeatureDefinition): string[] =>
  (['sensitive', 'consent'] as const)
    .filter((flag) => now[flag] !== (before?.[flag] ?? false))
    .map((flag) => FLAGS[flag][now[flag] ? 0 : 1]);

/** What a model that was made before would get another meaning of, or not get any more. */
function whatChanged({ action, definition, before, before_action: beforeAction }: Row): string[] {
  if (action === 'retire') return ['retired: policies do not get it any more'];
  return [
    ...(before === null ? [] : fieldsChanged(before, definition)),
    ...flagsChanged(before, definition),
    ...(beforeAction === 'retire' ? ['in use again'] : []),
  ];
}

/** The newest first. @param of one feature; null: all. */
export async function readChanges(
  sql: Sql,
  since: number,
  of: { readonly entity: FeatureEntity; readonly name: string } | null = null,
): Promise<FeatureChange[]> {
  const rows = await sql.query<Row>(CHANGES, [since, of?.entity ?? null, of?.name ?? null]);
  return rows.map((row) => {
    const { before: _before, before_action: _action, ...change } = row;
    return { ...(change as Omit<FeatureChange, 'what'>), what: whatChanged(row) };
  });
}

/** A feature that a model reads and that has changed since the model was made. */
export interface StaleFeature extends Pick<FeatureChange, 'entity' | 'name' | 'version' | 'what'> {
  readonly at: Date;
}

/** @param since version of the schema that the model was made under; null: before there was a registry. */
export async function staleFeatures(
  sql: Sql,
  reads: FeatureReads,
  since: number | null,
): Promise<StaleFeature[]> {
  const changes = await readChanges(sql, since ?? 0);
  return changes
    .filter(({ what, ...feature }) => what.length > 0 && howRead(reads, feature) !== null)
    .map(({ entity, name, version, what, at }) => ({ entity, name, version, what, at }));
}

/** One sentence on each, and what to do about them all. */
export function staleSentence(stale: readonly StaleFeature[], learns: string): string {
  const each = stale.map(
    ({ name, what, version }) => `"${name}" changed in schema ${version} (${what.join('; ')})`,
  );
  const remedy = learns === 'batch' ? 'train it again' : 'have it learn its rewards again';
  return `${each.join(', ')}; ${remedy}`;
}

/** Names of features that the training run of a version was given; null where nobody noted them. */
export async function seenBy(
  sql: Sql,
  policyId: string,
  version: number | null,
): Promise<SeenFeatures | null> {
  const [row] = await sql.query<{ seen: SeenFeatures | null }>(
    `select r.data -> 'features' as seen from policy_snapshot s join training_run r on r.id = s.training_run
     where s.policy_id = $1 and s.version = $2`,
    [policyId, version],
  );
  return row?.seen ?? null;
}
