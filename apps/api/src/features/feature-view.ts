import type { Json } from '#experiments';
import type { Sql } from '../persistence/database.js';
import { howRead, readsOf } from '../persistence/feature-reads.js';
import type { FeatureReads, SeenFeatures } from '../persistence/feature-reads.js';
import { CONSENTS, readSchema } from '../persistence/feature-rules.js';
import type { FeatureEntity, RegisteredFeature, Unregistered } from '../persistence/feature-rules.js';

export interface FeatureReader {
  readonly id: string;
  readonly title: string;
  /** `named` in its parameters, or looks at `all` there is. */
  readonly how: 'named' | 'all';
}

export interface FeatureView extends RegisteredFeature {
  /** None for what policies do not get. */
  readonly readBy: readonly FeatureReader[];
}

export interface FeatureList {
  /** Of the schema; 0: nothing was ever registered. */
  readonly schemaVersion: number;
  readonly unregistered: Unregistered;
  readonly items: readonly FeatureView[];
  /** What newest decisions and the catalogue have, and nobody registered. */
  readonly found: readonly {
    readonly entity: 'context' | 'title';
    readonly name: string;
    readonly seen: number;
  }[];
}

interface PolicyRow extends Record<string, unknown> {
  readonly id: string;
  readonly title: string;
  readonly key: string;
  readonly params: Json;
  readonly seen: SeenFeatures | null;
}

/** Parameters are those of what serves. */
const POLICIES = `
select p.id, p.title, p.key, coalesce(s.params, p.params) as params, r.data -> 'features' as seen
from policy p
left join policy_snapshot s on s.policy_id = p.id and s.version = p.serving_version
left join training_run r on r.id = s.training_run
order by p.created_at, p.id`;

export interface Reader extends Pick<PolicyRow, 'id' | 'title'> {
  readonly reads: FeatureReads;
}

export async function readersOf(sql: Sql): Promise<Reader[]> {
  const rows = await sql.query<PolicyRow>(POLICIES);
  return rows.map(({ id, title, key, params, seen }) => ({ id, title, reads: readsOf(key, params, seen) }));
}

/** Decisions and items that are looked at for names. */
const MOST_LOOKED_AT = 1000;
const MOST_FOUND = 100;

const FOUND = `
select entity, name, count(*)::int as seen from (
  select 'context' as entity, jsonb_object_keys(context) as name
    from (select context from decision order by at desc limit ${MOST_LOOKED_AT}) d
  union all
  select 'title', jsonb_object_keys(features) from (select features from item order by updated_at desc limit ${MOST_LOOKED_AT}) i) names
where name <> '${CONSENTS}' group by 1, 2 order by 3 desc, 1, 2`;

export async function listFeatures(sql: Sql): Promise<FeatureList> {
  const { version, unregistered, features } = await readSchema(sql);
  const readers = await readersOf(sql);
  const isTitle = (entity: FeatureEntity): boolean => entity === 'title';
  const known = new Set(features.map(({ entity, name }) => `${isTitle(entity)} ${name}`));
  const found = await sql.query<FeatureList['found'][number] & Record<string, unknown>>(FOUND);
  return {
    schemaVersion: version,
    unregistered,
    items: features.map((feature) => ({ ...feature, readBy: readBy(readers, feature) })),
    found: found.filter(({ entity, name }) => !known.has(`${isTitle(entity)} ${name}`)).slice(0, MOST_FOUND),
  };
}

export function readBy(readers: readonly Reader[], feature: RegisteredFeature): FeatureReader[] {
  if (feature.sensitive || feature.retired) return [];
  return readers.flatMap(({ id, title, reads }) => {
    const how = howRead(reads, feature);
    return how === null ? [] : [{ id, title, how }];
  });
}
