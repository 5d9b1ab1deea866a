import { Inject, Injectable } from '@nestjs/common';
import type { Json } from '#experiments';
import { explorationRegistry, policyRegistry } from '#policies';
import { Database } from '../persistence/database.js';
import type { Transaction } from '../persistence/database.js';
import { staleFeatures } from '../persistence/feature-changes.js';
import { howRead, readsOf } from '../persistence/feature-reads.js';
import { readSchema } from '../persistence/feature-rules.js';
import type { DataCut } from '../policies/fit.js';
import { policyRowOf } from '../policies/policy-row.js';
import type { PolicyRow } from '../policies/policy-row.js';
import { cardEvaluation, cardParameters, notesOf } from './model-card.js';
import type { CardRun, ModelCard } from './model-card.js';

interface ServingRow {
  readonly version: number;
  readonly params: Json;
  readonly sha256: string;
  readonly rows_used: number;
  readonly learned_through: Date | null;
  readonly evaluation: Json;
  readonly training_run: string | null;
  readonly created_at: Date;
  readonly feature_version: number | null;
  readonly seed: string | null;
  readonly data: DataCut | null;
}

const SERVING = `
select s.version, s.params, s.sha256, s.rows_used, s.learned_through, s.evaluation, s.training_run, s.created_at, s.feature_version,
  r.seed, r.data
from policy_snapshot s left join training_run r on r.id = s.training_run
where s.policy_id = $1 and s.version = $2`;

const USED_BY = `
select e.key as experiment, e.title, e.surface, a ->> 'key' as arm, e.status
from experiment e, jsonb_array_elements(e.arms) a
where e.status <> 'archived' and a -> 'treatment' ->> 'policyId' = $1 order by e.created_at, e.key, 4`;

const RUNS = `
select count(*)::int as runs, count(*) filter (where status = 'failed')::int as failed from training_run where policy_id = $1`;

const LAST_RUN = `
select id, status, created_at as "createdAt", error from training_run where policy_id = $1
order by created_at desc, id desc limit 1`;

/** Draws model cards: from what is registered about a policy, its versions and its last evaluation. */
@Injectable()
export class ModelCards {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** @throws Problem 404. */
  card(id: string, now = new Date()): Promise<ModelCard> {
    return this.db.transaction(async (tx) => {
      await tx.query('set transaction isolation level repeatable read, read only');
      const row = await policyRowOf(tx, id);
      const serving = await servingOf(tx, row);
      const facts = { ...registered(row, serving), ...(await factsOf(tx, row)), generatedAt: now };
      const features = await featuresOf(tx, row, serving);
      const card = {
        ...facts,
        serving: serving && {
          version: serving.version,
          madeAt: serving.created_at,
          learnedThrough: serving.learned_through,
          rowsUsed: serving.rows_used,
          sha256: serving.sha256,
          trainingRun: serving.training_run,
          seed: serving.seed,
        },
        data: serving?.data ?? null,
        features,
        evaluation: serving && cardEvaluation(serving.evaluation),
      };
      return { ...card, notes: notesOf(card) };
    });
  }
}

async function featuresOf(
  tx: Transaction,
  row: PolicyRow,
  serving: ServingRow | null,
): Promise<ModelCard['features']> {
  const { version, features } = await readSchema(tx);
  const reads = readsOf(row.key, serving?.params ?? row.params, serving?.data?.features ?? null);
  return {
    schemaVersion: version,
    madeUnder: serving?.feature_version ?? null,
    reads: features.flatMap((feature) => {
      const how = feature.sensitive || feature.retired ? null : howRead(reads, feature);
      const { entity, name, kind, description, consent } = feature;
      return how === null ? [] : [{ entity, name, kind, description, consent, how }];
    }),
    changed: serving === null ? [] : await staleFeatures(tx, reads, serving.feature_version),
  };
}

async function servingOf(tx: Transaction, row: PolicyRow): Promise<ServingRow | null> {
  if (row.serving_version === null) return null;
  const [serving] = await tx.query<ServingRow & Record<string, unknown>>(SERVING, [
    row.id,
    row.serving_version,
  ]);
  return serving ?? null;
}

/** A policy that learns serves with the parameters that its version was made with. */
function registered(
  row: PolicyRow,
  serving: ServingRow | null,
): Pick<ModelCard, 'policy' | 'model' | 'exploration' | 'floor' | 'learnsFrom'> {
  const policy = policyRegistry.get(row.key);
  const exploration = explorationRegistry.get(row.exploration.key);
  const params = policy.params.parse(serving?.params ?? row.params);
  return {
    policy: { id: row.id, title: row.title, key: row.key, learns: policy.learns },
    model: {
      title: policy.title,
      summary: policy.summary,
      reference: policy.reference,
      stateVersion: policy.stateVersion,
      parameters: cardParameters(policy.params.jsonSchema, params),
    },
    exploration: {
      key: exploration.key,
      title: exploration.title,
      params: exploration.params.parse(row.exploration.params ?? {}) as Json,
    },
    floor: row.floor,
    learnsFrom: row.reward && { reward: row.reward, windowSeconds: row.window_seconds },
  };
}

async function factsOf(
  tx: Transaction,
  { id }: PolicyRow,
): Promise<Pick<ModelCard, 'usedBy' | 'offPolicy' | 'training'>> {
  const usedBy = await tx.query<ModelCard['usedBy'][number] & Record<string, unknown>>(USED_BY, [id]);
  const [offPolicy] = await tx.query<{ run: number; at: Date; answer: string }>(
    `select id::int as run, at, answer from off_policy_run where policy_id = $1 order by off_policy_run.id desc limit 1`,
    [id],
  );
  const [runs] = await tx.query<{ runs: number; failed: number }>(RUNS, [id]);
  const [last] = await tx.query<CardRun & Record<string, unknown>>(LAST_RUN, [id]);
  return {
    usedBy,
    offPolicy: offPolicy ?? null,
    training: { runs: runs?.runs ?? 0, failed: runs?.failed ?? 0, last: last ?? null },
  };
}
