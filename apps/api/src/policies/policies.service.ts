import { Inject, Injectable } from '@nestjs/common';
import { policyRegistry } from '#policies';
import { refuseManaged } from '../access/managed.js';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { requireMatch } from '../http/etag.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Sql, Transaction } from '../persistence/database.js';
import { checkNamedFeatures } from '../persistence/feature-check.js';
import { checkSetup } from './check-setup.js';
import { checkSteadyLot } from './withhold-check.js';
import { applyPatch } from './patch-policy.js';
import { lockPolicy } from './policy-row.js';
import type { PolicyRow } from './policy-row.js';
import { readPolicyViews } from './policy.mapper.js';
import type { PolicyView } from './policy.mapper.js';
import type { CreatePolicy, PatchPolicy, RelearnBody } from './policy.schemas.js';
import { previewChange } from './preview-change.js';
import type { ChangePreview } from './preview-change.js';
import { keepRewardVersion, readRewardVersions, resolveReward, settleAgain } from './reward-versions.js';
import type { RewardVersionView } from './reward-versions.js';
import { checkShadow } from './shadow-check.js';
import { checkTraining } from './training-check.js';

const DEFAULT_WINDOW = 3600;

/** Use cases of configuring policies: validated by the registries, audited, told to every process. */
@Injectable()
export class PoliciesService {
  constructor(@Inject(Database) private readonly db: Database) {}

  async list(): Promise<{ items: PolicyView[] }> {
    return { items: await readPolicyViews(this.db) };
  }

  get(id: string): Promise<PolicyView> {
    return viewOf(this.db, id);
  }

  create(body: CreatePolicy, acting: Acting): Promise<PolicyView> {
    return this.db.transaction(async (tx) => {
      const { id, key, ...given } = resolveReward(body);
      const { reward = null, windowSeconds = DEFAULT_WINDOW } = given;
      const fields = { ...given, reward, windowSeconds };
      checkSetup(key, fields);
      checkSteadyLot(fields);
      await checkNamedFeatures(tx, key, fields.params);
      checkTraining(key, fields.training);
      await checkShadow(tx, id, fields.shadow);
      const inserted = await tx.query(
        `insert into policy (id, key, title, params, exploration, floor, reward, window_seconds, grace_seconds, learning,
           shadow, gate_required, withhold, training)
         values ($1, $2, $3, $4::jsonb, $5::jsonb, $6, $7::jsonb, $8, $9, $10, $11::jsonb, $12, $13::jsonb, $14::jsonb)
         on conflict do nothing returning id`,
        [
          id,
          key,
          fields.title,
          JSON.stringify(fields.params),
          JSON.stringify(fields.exploration),
          fields.floor,
          jsonOrNull(fields.reward),
          fields.windowSeconds,
          fields.graceSeconds,
          fields.learning,
          jsonOrNull(fields.shadow),
          fields.gateRequired,
          jsonOrNull(fields.withhold),
          jsonOrNull(fields.training),
        ],
      );
      if (inserted.length === 0) throw Problem.conflict('duplicate_key', `A policy "${id}" exists already`);
      await keepRewardVersion(tx, id, null);
      return record(tx, acting, 'create', null, id);
    });
  }

  patch(id: string, body: PatchPolicy, acting: Acting): Promise<PolicyView> {
    return change(this.db, id, acting, 'change', async (tx, row) => {
      await refuseManaged(tx, acting, 'policy', id);
      await applyPatch(tx, row, body, acting);
    });
  }

  /** What a patch would do, by doing it and taking it back. */
  preview(id: string, body: PatchPolicy, acting: Acting): Promise<ChangePreview> {
    return previewChange(this.db, id, body, acting);
  }

  /** Versions of the reward definition, the newest first. */
  async rewardVersions(id: string): Promise<{ items: RewardVersionView[] }> {
    await viewOf(this.db, id);
    return { items: await readRewardVersions(this.db, id) };
  }

  /** Has the policy learn all its rewards again, as one new version; see `RelearnBody` for which rewards. */
  relearn(id: string, { rewards }: RelearnBody, acting: Acting): Promise<PolicyView> {
    return change(this.db, id, acting, 'relearn', async (tx, row) => {
      if (policyRegistry.find(row.key)?.learns !== 'online')
        throw Problem.conflict('not_online', `The policy "${id}" does not learn from rewards`);
      if (!row.learning)
        throw Problem.conflict('frozen', `The policy "${id}" is frozen; unfreeze it to let it learn`);
      if (rewards === 'current-definition') await settleAgain(tx, id);
      await tx.query('update policy set relearn_since = now(), updated_at = now() where id = $1', [id]);
    });
  }

  /** Stops or resumes learning; serving goes on. Rewards go on being settled and wait. */
  setLearning(id: string, learning: boolean, acting: Acting): Promise<PolicyView> {
    return change(this.db, id, acting, learning ? 'unfreeze' : 'freeze', async (tx) => {
      await tx.query(
        `update policy set learning = $2, revision = revision + 1, updated_at = now() where id = $1`,
        [id, learning],
      );
    });
  }
}

const jsonOrNull = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

async function viewOf(tx: Sql, id: string): Promise<PolicyView> {
  const [view] = await readPolicyViews(tx, id);
  if (!view) throw Problem.notFound('The policy', id);
  return view;
}

async function record(
  tx: Sql,
  acting: Acting,
  verb: string,
  before: PolicyView | null,
  id: string,
): Promise<PolicyView> {
  const after = await viewOf(tx, id);
  await recordChange(tx, acting, {
    action: `policy.${verb}`,
    entity: 'policy',
    entityKey: id,
    ...(before ? { before } : {}),
    after,
  });
  return after;
}

/**
 * Runs a change of a policy under its lock, then writes the audit row and tells every process.
 * @throws Problem 404 where there is none, 412 when If-Match is given and names another revision.
 */
export function change(
  db: Database,
  id: string,
  acting: Acting,
  verb: string,
  work: (tx: Transaction, row: PolicyRow) => Promise<void>,
): Promise<PolicyView> {
  return db.transaction(async (tx) => {
    const row = await lockPolicy(tx, id, true);
    if (!row) throw Problem.notFound('The policy', id);
    requireMatch(acting.ifMatch, row.revision, false);
    const before = await viewOf(tx, id);
    await work(tx, row);
    return record(tx, acting, verb, before, id);
  });
}
