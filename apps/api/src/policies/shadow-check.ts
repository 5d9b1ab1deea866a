import { Problem } from '../http/problem.js';
import type { Sql } from '../persistence/database.js';

/**
 * Whether this policy, or this version of it, may be another's shadow.
 * @throws Problem 400 that points at the field.
 */
export async function checkShadow(
  tx: Sql,
  id: string,
  shadow: { readonly policyId: string; readonly version?: number | undefined } | null | undefined,
): Promise<void> {
  if (!shadow) return;
  if (shadow.policyId === id && shadow.version === undefined) {
    throw Problem.invalid(
      '/shadow/version',
      'required',
      'a policy can only be its own shadow in another version; name the version',
    );
  }
  const [policy] = await tx.query('select 1 from policy where id = $1', [shadow.policyId]);
  if (!policy && shadow.policyId !== id) {
    throw Problem.invalid(
      '/shadow/policyId',
      'unknown_policy',
      `the policy "${shadow.policyId}" does not exist`,
    );
  }
  if (shadow.version === undefined) return;
  const [snapshot] = await tx.query<{ status: string }>(
    'select status from policy_snapshot where policy_id = $1 and version = $2',
    [shadow.policyId, shadow.version],
  );
  if (snapshot && snapshot.status !== 'rejected') return;
  throw Problem.invalid(
    '/shadow/version',
    'unknown_version',
    snapshot
      ? `version ${shadow.version} was rejected when it was made`
      : `version ${shadow.version} of "${shadow.policyId}" is not kept`,
  );
}
