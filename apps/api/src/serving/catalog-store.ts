import type {
  Arm,
  Condition,
  Context,
  Experiment,
  Holdout,
  Json,
  KeptUnits,
  Layer,
  LayerMembership,
  Prerequisite,
  Surface,
  SurfaceKind,
  Switchback,
} from '#experiments';
import type { Sql } from '../persistence/database.js';
import type { CatalogConfig, CatalogItem, PageConfig, PolicyConfig } from './catalog-data.js';
import { readWithdrawals } from '../persistence/feature-guard.js';
import { readRules } from '../persistence/feature-rules.js';
import { AudienceStore } from './audience-store.js';
import { KEPT_REVISION, readKept } from '../persistence/kept-units.js';
import type { Withhold } from '../persistence/withhold.js';

/** Items read in one query; between two queries the event loop serves requests. */
const PAGE = 2000;

interface ExperimentRow {
  key: string;
  title: string;
  surface: string;
  unit_type: string;
  cluster_by: string | null;
  switchback: Switchback | null;
  prerequisites: Prerequisite[];
  status: Experiment['status'];
  layer: string;
  layer_from: number;
  layer_to: number;
  other_layers: LayerMembership[];
  traffic: number;
  targeting: Condition | null;
  arms: Arm[];
  phase: number;
  salt: string;
  hash_version: 1 | 2;
  shipped_arm: string | null;
  paused_arm: string | null;
  tags: string[];
}

const EXPERIMENT = `
select key, title, surface, unit_type, status, layer, layer_from, layer_to, other_layers, traffic,
       targeting, arms, phase, salt, hash_version, shipped_arm, paused_arm, tags, cluster_by, switchback, prerequisites
from experiment`;
const EXPERIMENTS = `${EXPERIMENT} where status in ('draft', 'scheduled', 'running', 'paused', 'shipped') order by created_at, key`;

const toExperiment = (row: ExperimentRow): Experiment => ({
  key: row.key,
  title: row.title,
  surface: row.surface,
  unitType: row.unit_type,
  clusterBy: row.cluster_by,
  switchback: row.switchback,
  prerequisites: row.prerequisites,
  status: row.status,
  layer: row.layer,
  layerRange: [row.layer_from, row.layer_to],
  otherLayers: row.other_layers,
  traffic: row.traffic,
  targeting: row.targeting,
  arms: row.arms,
  phase: row.phase,
  salt: row.salt,
  hashVersion: row.hash_version,
  shippedArm: row.shipped_arm,
  pausedArm: row.paused_arm,
  tags: row.tags,
});

interface PolicyRow {
  id: string;
  key: string;
  params: Json;
  exploration: { key: string; params?: Json };
  floor: number;
  reward: Json;
  window_seconds: number;
  shadow: { policyId: string; version?: number } | null;
  withhold: Withhold | null;
}

const toPolicy = (row: PolicyRow): PolicyConfig => ({
  id: row.id,
  key: row.key,
  params: row.params,
  exploration: { key: row.exploration.key, params: row.exploration.params ?? {} },
  floor: row.floor,
  rewardWindowSeconds: row.reward === null ? null : row.window_seconds,
  ...(row.shadow === null
    ? {}
    : { shadow: { policyId: row.shadow.policyId, version: row.shadow.version ?? null } }),
  ...(row.withhold === null ? {} : { withhold: row.withhold }),
});

interface SurfaceRow {
  key: string;
  title: string;
  kind: SurfaceKind;
  default_value: Json;
  candidate_kind: string | null;
}
interface HoldoutRow {
  key: string;
  title: string;
  salt: string;
  share: number;
  surfaces: string[] | null;
  unit_type: string;
  enabled: boolean;
  tags: string[] | null;
  except_when: Condition | null;
}

const toHoldout = (row: HoldoutRow): Holdout => ({
  key: row.key,
  title: row.title,
  salt: row.salt,
  share: row.share,
  surfaces: row.surfaces,
  unitType: row.unit_type,
  enabled: row.enabled,
  tags: row.tags,
  except: row.except_when,
});

interface ItemRow {
  id: string;
  kind: string;
  subject: string | null;
  title: string;
  features: Context;
  available: boolean;
  position: number;
}

/** Changes whenever anything that `readConfig` reads changes: row versions of small tables. */
const CONFIG_REVISION = `
select md5(concat_ws('|',
  (select string_agg(key || xmin::text, ',' order by key) from experiment),
  (select string_agg(key || xmin::text, ',' order by key) from layer),
  (select string_agg(key || xmin::text, ',' order by key) from holdout),
  (select string_agg(key || xmin::text, ',' order by key) from surface),
  (select string_agg(id || key || params::text || exploration::text || floor || coalesce(reward::text, '') || window_seconds ||
     coalesce(shadow::text, '') || coalesce(withhold::text, ''), ','
     order by id) from policy),
  (select string_agg(key || xmin::text, ',' order by key) from page),
  (${KEPT_REVISION}),
  (select xmin::text from setting where key = 'kill_switch'),
  (select max(version)::text from feature_change),
  (select concat(count(*), '/', sum(hashtext(unit_id || '/' || feature))) from consent_withdrawal where granted_at is null),
  (select string_agg(key || xmin::text, ',' order by key) from unit_type),
  (select string_agg(key || xmin::text, ',' order by key) from segment),
  (select string_agg(key || xmin::text, ',' order by key) from unit_list),
  (select xmin::text from tester_key),
  (select concat(count(*), '/', sum(hashtext(unit_id))) from not_personalised))) as revision`;

/** The sum notices a change that a maximum would miss: a transaction that began earlier and committed later. */
const ITEM_REVISION = `
select concat_ws('|', count(*), max(updated_at), sum(extract(epoch from updated_at))) as revision from item`;

/** Reads the serving catalogue from PostgreSQL. */
export class CatalogStore {
  private readonly audiences: AudienceStore;
  /** Kept units can be many: read again only when they have changed. */
  private kept: { readonly revision: string; readonly units: readonly KeptUnits[] } = {
    revision: '',
    units: [],
  };

  constructor(private readonly db: Sql) {
    this.audiences = new AudienceStore(db);
  }

  async configRevision(): Promise<string> {
    return (await this.db.query<{ revision: string }>(CONFIG_REVISION))[0]?.revision ?? '';
  }

  async itemRevision(): Promise<string> {
    return (await this.db.query<{ revision: string }>(ITEM_REVISION))[0]?.revision ?? '';
  }

  async readConfig(): Promise<CatalogConfig> {
    const [
      experiments,
      layers,
      holdouts,
      surfaces,
      policies,
      settings,
      notPersonalised,
      pages,
      features,
      withdrawals,
      audiences,
    ] = await Promise.all([
      this.db.query<ExperimentRow & Record<string, unknown>>(EXPERIMENTS),
      this.db.query<Layer & Record<string, unknown>>(
        'select key, title, salt, hash_version as "hashVersion" from layer order by key',
      ),
      this.db.query<HoldoutRow & Record<string, unknown>>('select * from holdout order by created_at, key'),
      this.db.query<SurfaceRow & Record<string, unknown>>('select * from surface order by key'),
      this.db.query<PolicyRow & Record<string, unknown>>('select * from policy order by id'),
      this.db.query<{ value: Json }>(`select value from setting where key = 'kill_switch'`),
      this.db.query<{ id: string }>('select unit_id as id from not_personalised order by 1'),
      this.db.query<PageConfig & Record<string, unknown>>('select key, title, layout from page order by key'),
      readRules(this.db),
      readWithdrawals(this.db),
      this.audiences.read(),
    ]);
    const kept = await this.readKept();
    return {
      experiments: experiments.map(toExperiment),
      layers,
      holdouts: holdouts.map(toHoldout),
      surfaces: surfaces.map(
        ({ key, title, kind, default_value: defaultValue, candidate_kind: candidateKind }): Surface => ({
          key,
          title,
          kind,
          defaultValue,
          candidateKind,
        }),
      ),
      policies: policies.map(toPolicy),
      killSwitch: isOn(settings[0]?.value ?? null),
      notPersonalised: notPersonalised.map(({ id }) => id),
      pages,
      features,
      withdrawals,
      ...audiences,
      kept,
    };
  }

  private async readKept(): Promise<readonly KeptUnits[]> {
    const [row] = await this.db.query<{ revision: string }>(`select (${KEPT_REVISION}) as revision`);
    const revision = row?.revision ?? '';
    if (revision !== this.kept.revision) this.kept = { revision, units: await readKept(this.db) };
    return this.kept.units;
  }

  /** An experiment in whatever status. */
  async readExperiment(key: string): Promise<Experiment | null> {
    const rows = await this.db.query<ExperimentRow & Record<string, unknown>>(
      `${EXPERIMENT} where key = $1`,
      [key],
    );
    return rows[0] ? toExperiment(rows[0]) : null;
  }

  /** All items, in the order in which they are offered: by position, then id. */
  async readItems(): Promise<CatalogItem[]> {
    const items: (CatalogItem & { position: number })[] = [];
    let after = '';
    for (;;) {
      const rows = await this.db.query<ItemRow & Record<string, unknown>>(
        'select id, kind, subject, title, features, available, position from item where id > $1 order by id limit $2',
        [after, PAGE],
      );
      items.push(...rows);
      const last = rows.at(-1);
      if (rows.length < PAGE || !last) break;
      after = last.id;
    }
    return items
      .sort((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1))
      .map(({ id, kind, subject, title, features, available }) => ({
        id,
        kind,
        subject,
        title,
        features,
        available,
      }));
  }
}

/** The setting is `true`, or an object whose `enabled` is. */
function isOn(value: Json): boolean {
  if (typeof value === 'boolean') return value;
  return value !== null && typeof value === 'object' && 'enabled' in value && value.enabled === true;
}
