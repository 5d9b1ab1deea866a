import { DomainError } from '#experiments';
import type { Json } from '#experiments';
import type { CompiledPolicy, Policy } from '#policies';
import { canonicalJson, sha256 } from './canonical.js';

/** A stored state of a policy, not yet trusted. */
export interface Snapshot {
  readonly policyId: string;
  readonly version: number;
  readonly stateVersion: number;
  readonly params: Json;
  readonly state: Json;
  /** Hex SHA-256 of the state's canonical JSON. */
  readonly sha256: string;
}

/**
 * A policy's code with a stored state; without one, its initial state.
 * @returns null for a policy that learns in training runs and has no snapshot.
 * @throws DomainError `invalid_state` when the snapshot is of another state version or was altered.
 */
export function compileState(
  policy: Policy,
  config: { readonly params: Json },
  snapshot: Omit<Snapshot, 'policyId' | 'version'> | null,
): CompiledPolicy | null {
  if (policy.learns === 'never') return policy.compile(null, policy.params.parse(config.params));
  if (snapshot !== null) {
    const state = checkedState(policy, snapshot);
    return policy.compile(state as never, policy.params.parse(snapshot.params) as never);
  }
  if (policy.learns === 'batch') return null;
  const params = policy.params.parse(config.params);
  return policy.compile(policy.initialState(params), params);
}

/** Whether a state of this version serves. Learning goes on from one of the policy's present version only. */
export const isReadable = (policy: Policy, stateVersion: number): boolean =>
  stateVersion === policy.stateVersion || policy.readableStateVersions?.includes(stateVersion) === true;

function checkedState(policy: Policy, snapshot: Omit<Snapshot, 'policyId' | 'version'>): unknown {
  if (!isReadable(policy, snapshot.stateVersion)) {
    throw new DomainError(
      'invalid_state',
      `the snapshot has state version ${snapshot.stateVersion}, the program needs ${policy.stateVersion}`,
    );
  }
  if (sha256(canonicalJson(snapshot.state)) !== snapshot.sha256) {
    throw new DomainError('invalid_state', 'the snapshot does not match its checksum');
  }
  return policy.decode(snapshot.state);
}
