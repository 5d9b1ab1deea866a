import { Inject, Injectable } from '@nestjs/common';
import { policyRegistry } from '#policies';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Sql } from '../persistence/database.js';
import { seenBy, staleFeatures, staleSentence } from '../persistence/feature-changes.js';
import { readsOf } from '../persistence/feature-reads.js';
import { isReadable } from '../persistence/stored-state.js';
import { change } from './policies.service.js';
import { gateVersion } from '../off-policy/traffic-gate.js';
import { notifySnapshot } from './policy-row.js';
import type { PolicyRow } from './policy-row.js';
import { readPolicyViews, readSnapshotViews } from './policy.mapper.js';
import type { PolicyView, SnapshotView } from './policy.mapper.js';
import type { ListSnapshots, PromoteBody } from './policy.schemas.js';
import { gate } from './snapshot-state.js';
import { readSnapshot, stateOf } from './snapshot-store.js';

/** Which version serves. Versions never change; promotion and rollback move a pointer. */
@Injectable()
export class SnapshotsService {
  constructor(@Inject(Database) private readonly db: Database) {}

  async list(
    id: string,
    { limit, cursor }: ListSnapshots,
  ): Promise<{ items: SnapshotView[]; nextCursor: string | null }> {
    const [policy] = await readPolicyViews(this.db, id);
    if (!policy) throw Problem.notFound('The policy', id);
    const items = await readSnapshotViews(this.db, id, cursor ?? null, limit);
    const last = items.length === limit ? items.at(-1) : undefined;
    return { items, nextCursor: last ? String(last.version) : null };
  }

  /**
   * Lets a version serve. A policy that goes on learning moves on from its newest accepted version at the next reward;
   * to keep an older one, roll back, which also freezes.
   */
  promote(id: string, { version, overrideGate }: PromoteBody, acting: Acting): Promise<PolicyView> {
    return change(this.db, id, acting, 'promote', async (tx, row) => {
      await refuseStale(tx, row, version);
      await gateVersion(tx, row, version, { reason: overrideGate, acting });
      await serve(tx, row, version);
    });
  }

  /**
   * Lets an earlier version serve (by default the accepted one before; 0: nothing learned) and freezes learning.
   * @throws Problem 409 `not_earlier` for what is not before the version that serves, or never served: the gate does not
   *   watch the way back, so this may not be a way forward.
   */
  rollback(id: string, version: number | undefined, acting: Acting): Promise<PolicyView> {
    return change(this.db, id, acting, 'rollback', async (tx, row) => {
      if (version !== undefined) await requireEarlier(tx, row, version);
      await serve(tx, row, version ?? (await versionBefore(tx, row)));
      await tx.query(`update policy set learning = false, revision = revision + 1 where id = $1`, [id]);
    });
  }
}

/** What was made of features that have another meaning now may not become what serves; the way back stays open. */
async function refuseStale(tx: Sql, row: PolicyRow, version: number): Promise<void> {
  const snapshot = version > 0 ? await readSnapshot(tx, row.id, version) : undefined;
  if (!snapshot) return;
  const reads = readsOf(row.key, snapshot.params, await seenBy(tx, row.id, version));
  const stale = await staleFeatures(tx, reads, snapshot.feature_version);
  if (stale.length === 0) return;
  const { learns } = policyRegistry.get(row.key);
  throw Problem.conflict(
    'features_changed',
    `Version ${version} was made under schema ${snapshot.feature_version ?? 0} of the features: ${staleSentence(stale, learns)}`,
  );
}

async function requireEarlier(tx: Sql, row: PolicyRow, version: number): Promise<void> {
  const refuse = (why: string): Problem =>
    Problem.conflict('not_earlier', `Version ${version} of "${row.id}" is no way back: ${why}; promote it`);
  if (version >= (row.serving_version ?? 0) && version > 0)
    throw refuse(`${row.serving_version === null ? 'none' : `version ${row.serving_version}`} serves`);
  const snapshot = version > 0 ? await readSnapshot(tx, row.id, version) : undefined;
  if (snapshot?.status === 'candidate') throw refuse('it has never served');
}

async function versionBefore(tx: Sql, row: PolicyRow): Promise<number> {
  if (row.serving_version === null)
    throw Problem.conflict('nothing_to_roll_back', `The policy "${row.id}" serves no version yet`);
  const [before] = await tx.query<{ version: number }>(
    `select version from policy_snapshot where policy_id = $1 and status = 'accepted' and version < $2
     order by version desc limit 1`,
    [row.id, row.serving_version],
  );
  return before?.version ?? 0;
}

async function serve(tx: Sql, row: PolicyRow, version: number): Promise<void> {
  if (version > 0) await checkServable(tx, row, version);
  else if (policyRegistry.get(row.key).learns === 'batch') {
    throw Problem.conflict(
      'not_servable',
      'Without a version a policy that learns in training runs has nothing to serve',
    );
  }
  await tx.query(`update policy set serving_version = nullif($2::int, 0), updated_at = now() where id = $1`, [
    row.id,
    version,
  ]);
  await tx.query(
    `update policy_snapshot set status = 'accepted' where policy_id = $1 and version = $2 and status = 'candidate'`,
    [row.id, version],
  );
  await notifySnapshot(tx, row.id);
}

async function checkServable(tx: Sql, row: PolicyRow, version: number): Promise<void> {
  const snapshot = await readSnapshot(tx, row.id, version);
  if (!snapshot) throw Problem.notFound(`A version of the policy "${row.id}",`, String(version));
  const refuse = (why: string): Problem =>
    Problem.conflict('not_servable', `Version ${version} cannot serve: ${why}`);
  if (snapshot.status === 'rejected') throw refuse('it was rejected when it was made');
  const policy = policyRegistry.get(row.key);
  if (!isReadable(policy, snapshot.state_version))
    throw refuse('it was made by a program with another state version');
  const terms = {
    params: policy.params.parse(snapshot.params),
    exploration: row.exploration,
    floor: row.floor,
  };
  const reason = gate(policy, stateOf(snapshot), terms, []);
  if (reason !== null) throw refuse(reason);
}
