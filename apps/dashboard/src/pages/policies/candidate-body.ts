import type { OffPolicyDetail, OffPolicyRun } from '../../api/off-policy.js';
import type { Policy } from '../../api/types.js';

/** What creates the evaluated parameters as a policy of its own: everything else is as the policy they were evaluated for has it. */
export function candidateBody(policy: Policy, { candidate }: Pick<OffPolicyRun, 'candidate'>) {
  const { exploration, floor, hash, key, params } = candidate;
  return {
    id: `${policy.id.slice(0, 80)}-${hash.slice(0, 8)}`,
    key,
    title: `${policy.title}, candidate ${hash.slice(0, 8)}`,
    params,
    exploration,
    floor,
    reward: policy.reward,
    windowSeconds: policy.windowSeconds,
    graceSeconds: policy.graceSeconds,
    withhold: policy.withhold,
    learning: policy.learning,
    gateRequired: true,
  };
}

/** What lets the created policy learn from the log that its parameters were evaluated on, and leaves the newer half. */
export function warmStartBody({ policyId, result }: Pick<OffPolicyDetail, 'policyId' | 'result'>) {
  const { from, to, subject } = result.log;
  return { source: { policyId }, from, to, ...(subject === null ? {} : { subject }) };
}
