import { policyRegistry } from '#policies';
import type { BanditPolicy } from '#policies';
import { Problem } from '../../http/problem.js';
import type { Transaction } from '../../persistence/database.js';
import { advance, readProbes } from '../learning-log.js';
import type { PolicyRow } from '../policy-row.js';
import { blame, gate, storeState } from '../snapshot-state.js';
import { newestOf } from './source-log.js';
import type { SourceRange } from './source-log.js';
import { asLearned, settleFor } from './warm-rewards.js';

/** Decisions that a policy tries to learn before it is asked to learn them all. */
const TRIAL = 500;

/**
 * @returns the algorithm of a policy that can learn from the log of another.
 * @throws Problem 409 `not_warm_startable`.
 */
export function learnerOf(row: PolicyRow): BanditPolicy {
  const policy = policyRegistry.get(row.key);
  if (policy.learns === 'batch')
    throw unable(row, 'it learns in training runs, which read the whole past anyway; start a training run');
  if (policy.learns === 'never') throw unable(row, 'it learns nothing');
  if (row.reward === null)
    throw unable(row, 'it has no reward definition, so nothing says which outcomes count');
  if (row.reward.incremental)
    throw unable(
      row,
      'its reward is incremental, and what happens without showing is estimated from its own decisions',
    );
  return policy;
}

/**
 * A warm start comes before everything else that a policy learns and does.
 * @throws Problem 409: `already_learned`, `has_served`, `warm_start_in_progress`.
 */
export async function requireUntouched(tx: Transaction, row: PolicyRow): Promise<void> {
  const [found] = await tx.query<{
    open: string | null;
    version: number | null;
    served: boolean;
    live: string | null;
  }>(
    `select (select id::text from warm_start where policy_id = $1 and status in ('queued', 'running')) as open,
       (select max(version) from policy_snapshot where policy_id = $1 and status = 'accepted') as version,
       exists (select from decision where policy_id = $1) as served,
       (select e.key from experiment e where e.status in ('running', 'paused') and exists (
          select from jsonb_array_elements(e.arms) a where a -> 'treatment' ->> 'policyId' = $1) limit 1) as live`,
    [row.id],
  );
  if (found?.open)
    throw Problem.conflict(
      'warm_start_in_progress',
      `The warm start ${found.open} of "${row.id}" has not ended yet`,
    );
  if (found?.version)
    throw Problem.conflict(
      'already_learned',
      `The policy "${row.id}" has learned already (version ${found.version}). A warm start comes before everything else; create a policy for it`,
    );
  if (found?.served)
    throw Problem.conflict(
      'has_served',
      `The policy "${row.id}" has decided already; create a policy for a warm start`,
    );
  if (found?.live)
    throw Problem.conflict(
      'has_served',
      `The policy "${row.id}" serves in the experiment "${found.live}"; a warm start comes before that`,
    );
}

const unable = (row: PolicyRow, why: string): Problem =>
  Problem.conflict('not_warm_startable', `The policy "${row.id}" cannot be warm-started: ${why}`);

/**
 * Lets the policy learn the newest decisions, keeping nothing, and answer their requests.
 * @throws Problem 409: `does_not_fit` where actions, features or rewards of the log are not what it learns from, and
 * `nothing_to_learn` where no decision of the log has a reward by its definition.
 */
export async function requireFit(
  tx: Transaction,
  row: PolicyRow,
  policy: BanditPolicy,
  range: SourceRange,
  now: Date,
): Promise<void> {
  const decisions = await newestOf(tx, range, TRIAL);
  const attributes = unknownAttributes(row, decisions);
  if (attributes.length > 0)
    throw misfit(row, `it learns from ${attributes.join(', ')}, which no context of the log has`);
  const batch = (await settleFor(tx, row, decisions, now)).map(asLearned);
  if (batch.length === 0)
    throw Problem.conflict(
      'nothing_to_learn',
      `None of the newest ${decisions.length} decisions was seen and has a reward by the definition of "${row.id}"`,
    );
  const probes = await readProbes(
    tx,
    batch.map((one) => ({ ...one, version: 0 })),
  );
  let refused: string | null;
  try {
    const params = blame(() => policy.params.parse(row.params));
    const state = advance(policy, storeState(policy, policy.initialState(params)), batch, params);
    refused = gate(policy, state, { params, exploration: row.exploration, floor: row.floor }, probes);
  } catch (error) {
    refused = (error as Error).message;
  }
  if (refused !== null) throw misfit(row, refused);
}

const misfit = (row: PolicyRow, why: string): Problem =>
  Problem.conflict('does_not_fit', `The log does not fit the policy "${row.id}": ${why}`);

/** Context attributes that the policy is told to look at, where the log has none of them. */
function unknownAttributes(
  { params }: PolicyRow,
  decisions: readonly { readonly context: Readonly<Record<string, unknown>> }[],
): string[] {
  const wanted = Array.isArray(params['attributes']) ? params['attributes'].map(String) : [];
  return wanted.some((name) => decisions.some(({ context }) => name in context)) ? [] : wanted;
}
