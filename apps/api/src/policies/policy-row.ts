import type { Json } from '#experiments';
import { Problem } from '../http/problem.js';
import type { Sql } from '../persistence/database.js';
import type { Withhold } from '../persistence/withhold.js';
import type { RewardDefinition } from './reward.js';
import type { TrainingSettings } from './training-settings.js';

/** Table `policy` as read by this feature. */
export interface PolicyRow {
  readonly id: string;
  readonly key: string;
  readonly title: string;
  readonly params: Readonly<Record<string, Json>>;
  readonly exploration: { readonly key: string; readonly params?: Readonly<Record<string, Json>> };
  readonly floor: number;
  readonly reward: RewardDefinition | null;
  /** Version of the reward definition: `reward` and `window_seconds` together. */
  readonly reward_version: number;
  readonly window_seconds: number;
  readonly grace_seconds: number;
  readonly learning: boolean;
  readonly shadow: { readonly policyId: string; readonly version?: number } | null;
  /** Which share of the choices is not shown; null: none. */
  readonly withhold: Withhold | null;
  /** Nothing new of this policy serves before the off-policy gate has said yes. */
  readonly gate_required: boolean;
  /** When it trains by itself, and what a run may take; null: only when somebody asks. */
  readonly training: TrainingSettings | null;
  readonly serving_version: number | null;
  readonly latest_version: number;
  readonly last_learned_at: Date | null;
  /** Somebody asked to learn all rewards again, and it has not been done. */
  readonly relearn_since: Date | null;
  /** Raised by every change of the configuration; what If-Match names. */
  readonly revision: number;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/**
 * Takes the policy's row lock until the end of the transaction: whoever holds it is the policy's only writer.
 * @param wait false: give up at once when somebody else holds it.
 * @returns the row; undefined when there is none, or (without waiting) it is held elsewhere.
 */
export async function lockPolicy(tx: Sql, id: string, wait: boolean): Promise<PolicyRow | undefined> {
  const [row] = await tx.query<PolicyRow & Record<string, unknown>>(
    `select * from policy where id = $1 for no key update ${wait ? '' : 'skip locked'}`,
    [id],
  );
  return row;
}

/** The policy's row; undefined when there is none. */
export async function findPolicyRow(sql: Sql, id: string): Promise<PolicyRow | undefined> {
  const [row] = await sql.query<PolicyRow & Record<string, unknown>>(`select * from policy where id = $1`, [
    id,
  ]);
  return row;
}

/** @throws Problem 404 when there is none. */
export async function policyRowOf(sql: Sql, id: string): Promise<PolicyRow> {
  const row = await findPolicyRow(sql, id);
  if (!row) throw Problem.notFound('The policy', id);
  return row;
}

/** Tells the API processes to load the policy's serving snapshot once the transaction commits. */
export async function notifySnapshot(tx: Sql, policyId: string): Promise<void> {
  await tx.query(`select pg_notify('marquee_snapshot', $1)`, [policyId]);
}
