import { Inject, Injectable } from '@nestjs/common';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Transaction } from '../persistence/database.js';
import { readChanges } from '../persistence/feature-changes.js';
import type { FeatureChange } from '../persistence/feature-changes.js';
import { readSchema } from '../persistence/feature-rules.js';
import type { FeatureEntity, RegisteredFeature } from '../persistence/feature-rules.js';
import { listFeatures, readBy, readersOf } from './feature-view.js';
import type { FeatureList, FeatureView } from './feature-view.js';
import type { FeatureBody, SettingsBody } from './feature.schemas.js';

export interface FeatureDetail extends FeatureView {
  /** The newest first. */
  readonly changes: readonly FeatureChange[];
}

interface Key {
  readonly entity: FeatureEntity;
  readonly name: string;
}

/** The registry of features: every change raises the version of the schema, and is audited. */
@Injectable()
export class FeaturesService {
  constructor(@Inject(Database) private readonly db: Database) {}

  list(): Promise<FeatureList> {
    return listFeatures(this.db);
  }

  /** @throws Problem 404. */
  get(key: Key): Promise<FeatureDetail> {
    return this.db.transaction((tx) => detailOf(tx, key));
  }

  /**
   * Registers a feature, changes it, or takes one that was retired into use again. What is as it was stays at its version.
   * @throws Problem 409 `name_taken` where the context has the name already for another entity, `feature_in_use` where it
   *   becomes sensitive and a policy names it.
   */
  put(key: Key, body: FeatureBody, acting: Acting): Promise<FeatureDetail> {
    return this.change(key, acting, async (tx, before, all) => {
      if (before && !before.retired && isSame(before, body)) return null;
      const other = all.find(
        ({ entity, name }) =>
          name === key.name && entity !== key.entity && (entity === 'title') === (key.entity === 'title'),
      );
      if (other)
        throw Problem.conflict(
          'name_taken',
          `"${key.name}" is registered as a feature of the ${other.entity}; in a request both would be the same attribute`,
        );
      if (body.sensitive) await refuseWhereNamed(tx, key.name);
      return { action: before ? 'change' : 'register', definition: body };
    });
  }

  /**
   * Takes a feature out of use: policies do not get it any more.
   * @throws Problem 404, 409 `feature_in_use` where a policy names it.
   */
  retire(key: Key, acting: Acting): Promise<FeatureDetail> {
    return this.change(key, acting, async (tx, before) => {
      if (!before) throw notFound(key);
      if (before.retired) return null;
      await refuseWhereNamed(tx, key.name);
      return { action: 'retire', definition: definitionOf(before) };
    });
  }

  /** Whether policies get what nobody registered; part of the schema, so it raises its version. */
  settings(body: SettingsBody, acting: Acting): Promise<FeatureList> {
    return this.db.transaction(async (tx) => {
      const before = await locked(tx);
      if (before.unregistered !== body.unregistered) {
        await insert(tx, { entity: 'schema', name: 'settings' }, 'setting', body, acting);
        await recordChange(tx, acting, {
          action: 'feature.settings',
          entity: 'feature',
          entityKey: 'settings',
          before: { unregistered: before.unregistered },
          after: body,
        });
      }
      return listFeatures(tx);
    });
  }

  private change(
    key: Key,
    acting: Acting,
    decide: (
      tx: Transaction,
      before: RegisteredFeature | undefined,
      all: readonly RegisteredFeature[],
    ) => Promise<{ readonly action: FeatureChange['action']; readonly definition: FeatureBody } | null>,
  ): Promise<FeatureDetail> {
    return this.db.transaction(async (tx) => {
      const { features } = await locked(tx);
      const before = features.find(({ entity, name }) => entity === key.entity && name === key.name);
      const wanted = await decide(tx, before, features);
      if (wanted) {
        await insert(tx, key, wanted.action, wanted.definition, acting);
        await recordChange(tx, acting, {
          action: `feature.${wanted.action}`,
          entity: 'feature',
          entityKey: `${key.entity}/${key.name}`,
          ...(before ? { before: definitionOf(before) } : {}),
          after: wanted.definition,
        });
      }
      return detailOf(tx, key);
    });
  }
}

/** One change at a time: versions have no gaps. */
async function locked(tx: Transaction) {
  await tx.query(`select pg_advisory_xact_lock(hashtext('marquee.features'))`);
  return readSchema(tx);
}

async function insert(
  tx: Transaction,
  { entity, name }: { readonly entity: string; readonly name: string },
  action: string,
  definition: unknown,
  { actor }: Acting,
): Promise<void> {
  await tx.query(
    `insert into feature_change (version, entity, name, action, definition, actor)
     select coalesce(max(version), 0) + 1, $1, $2, $3, $4::jsonb, $5 from feature_change`,
    [entity, name, action, JSON.stringify(definition), actor],
  );
}

async function detailOf(tx: Transaction, key: Key): Promise<FeatureDetail> {
  const { features } = await readSchema(tx);
  const feature = features.find(({ entity, name }) => entity === key.entity && name === key.name);
  if (!feature) throw notFound(key);
  return {
    ...feature,
    readBy: readBy(await readersOf(tx), feature),
    changes: await readChanges(tx, 0, key),
  };
}

const notFound = ({ entity, name }: Key): Problem => Problem.notFound('Feature', `${entity}/${name}`);

const definitionOf = (feature: RegisteredFeature): FeatureBody => ({
  kind: feature.kind,
  description: feature.description,
  source: feature.source,
  unit: feature.unit,
  range: feature.range && [...feature.range],
  consent: feature.consent,
  sensitive: feature.sensitive,
});

const FIELDS = ['kind', 'description', 'source', 'unit', 'range', 'consent', 'sensitive'] as const;

const isSame = (before: RegisteredFeature, body: FeatureBody): boolean =>
  FIELDS.every((field) => JSON.stringify(before[field]) === JSON.stringify(body[field]));

/** What a policy is configured to use cannot be taken from it behind its back. */
async function refuseWhereNamed(tx: Transaction, name: string): Promise<void> {
  const naming = (await readersOf(tx)).flatMap(({ id, reads }) => {
    const places = reads.named.filter((one) => one.name === name);
    return places.map(({ pointer }) => `"${id}" in /params${pointer}`);
  });
  if (naming.length === 0) return;
  throw Problem.conflict(
    'feature_in_use',
    `"${name}" is named by ${naming.slice(0, 10).join(', ')}; change these policies first`,
  );
}
