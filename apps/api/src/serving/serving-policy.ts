import type { Json, Registry } from '#experiments';
import { compileExploration, policyRegistry } from '#policies';
import type { CompiledExploration, CompiledPolicy, Policy } from '#policies';
import { compileState } from '../persistence/stored-state.js';
import type { Snapshot } from '../persistence/stored-state.js';
import { Breaker } from './breaker.js';
import type { PolicyConfig } from './catalog-data.js';

export type { Snapshot } from '../persistence/stored-state.js';

/** A policy ready to serve. */
export interface ServingPolicy {
  readonly config: PolicyConfig;
  /** 0 while nothing has been learned, and for policies that never learn. */
  readonly version: number;
  /** Null where a policy that learns in training runs has no usable snapshot. */
  readonly compiled: CompiledPolicy | null;
  readonly exploration: CompiledExploration;
  /** Shared by all versions of the policy. */
  readonly breaker: Breaker;
}

/** How a compiled policy is found: by its id for the version that serves, else by id and version. */
export const policyCacheKey = (policyId: string, pinned: number | null | undefined): string =>
  pinned === null || pinned === undefined ? policyId : `${policyId}@${pinned}`;

/**
 * The snapshot with the wrappers that are configured now, for a policy that learns in training runs: those keep nothing, so
 * changing them needs no training. Elsewhere they are part of what was learned.
 */
export function asConfigured(
  config: Pick<PolicyConfig, 'key' | 'params'>,
  snapshot: Snapshot | null,
  registry: Registry<Policy> = policyRegistry,
): Snapshot | null {
  if (snapshot === null || registry.find(config.key)?.learns !== 'batch') return snapshot;
  const { wrappers: _then, ...own } = snapshot.params as Readonly<Record<string, Json>>;
  const { wrappers } = config.params as Readonly<Record<string, Json>>;
  return { ...snapshot, params: wrappers === undefined ? own : { ...own, wrappers } };
}

/**
 * Makes a policy ready to serve.
 * @param snapshot null when there is none: a policy that learns online begins with its initial state.
 * @throws Error or DomainError when the snapshot fails a check (checksum, state version, decoding, compiling) or the
 *   policy, its parameters or its exploration are not valid.
 */
export function compileServingPolicy(
  config: PolicyConfig,
  snapshot: Snapshot | null,
  breaker: Breaker = new Breaker(),
  registry: Registry<Policy> = policyRegistry,
): ServingPolicy {
  const policy = registry.get(config.key);
  const exploration = compileExploration(config.exploration.key, config.exploration.params);
  const version = policy.learns === 'never' ? 0 : (snapshot?.version ?? 0);
  return { config, version, compiled: compileState(policy, config, snapshot), exploration, breaker };
}
