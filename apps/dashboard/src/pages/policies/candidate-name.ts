import type { OffPolicyRun } from '../../api/off-policy.js';

/** What was evaluated, in a few words. */
export function candidateName({ candidate, policyId }: OffPolicyRun): string {
  if (candidate.kind === 'policy') return candidate.policyId;
  if (candidate.kind === 'version') return `Snapshot ${candidate.version ?? '—'}`;
  return `Parameters ${candidate.hash.slice(0, 8)} of ${policyId}`;
}
