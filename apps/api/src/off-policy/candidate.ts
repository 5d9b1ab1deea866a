import type { Json } from '#experiments';
import { compileExploration, policyRegistry } from '#policies';
import type { BanditPolicy, CompiledExploration, CompiledPolicy, Policy } from '#policies';
import { Problem } from '../http/problem.js';
import { canonicalJson, sha256 } from '../persistence/canonical.js';
import type { Sql } from '../persistence/database.js';
import { asConfigured, compileServingPolicy } from '../serving/serving-policy.js';
import { policyRowOf } from '../policies/policy-row.js';
import type { PolicyRow } from '../policies/policy-row.js';
import { readSnapshot } from '../policies/snapshot-store.js';
import type { SnapshotRow } from '../policies/snapshot-store.js';
import type { CandidateBody } from './off-policy.schemas.js';

/** What decides how a policy behaves, besides what it has learned. */
export interface CandidateConfig {
  readonly key: string;
  readonly params: Json;
  readonly exploration: { readonly key: string; readonly params?: Json };
  readonly floor: number;
}

/** Something that could serve, ready to be asked. */
export interface Candidate {
  readonly kind: 'policy' | 'version' | 'params';
  readonly policyId: string;
  readonly version: number | null;
  readonly config: CandidateConfig;
  /** Names exactly this candidate; see `configHash` and `versionHash`. */
  readonly hash: string;
  readonly exploration: CompiledExploration;
  /** How it answers; null where it must learn first, by `learner`. */
  readonly compiled: CompiledPolicy | null;
  readonly learner: { readonly policy: BanditPolicy; readonly params: unknown } | null;
  /** Rewards of the log that this version has learned from say nothing new about it; null: it has seen none. */
  readonly learnedThrough: number | null;
}

/** Settings that are written differently and mean the same have the same hash. */
export function configHash({ key, params, exploration, floor }: CandidateConfig): string {
  const registered = policyRegistry.get(key);
  const config = { key, params: registered.params.parse(params), floor };
  const { params: options = {}, ...rest } = exploration;
  return sha256(canonicalJson({ ...config, exploration: { ...rest, params: options } } as Json));
}

/** A version is its configuration and its state. */
export const versionHash = (config: CandidateConfig, state: string): string =>
  sha256(`${configHash(config)}:${state}`);

export const configOf = (row: PolicyRow): CandidateConfig => ({
  key: row.key,
  params: row.params,
  exploration: row.exploration,
  floor: row.floor,
});

/**
 * Finds a candidate and makes it ready to answer.
 * @param log the policy whose decisions it is evaluated on.
 * @throws Problem 404 for what is not there, 400 for bad parameters, 409 `not_evaluable` for what cannot answer.
 */
export async function resolveCandidate(sql: Sql, log: PolicyRow, body: CandidateBody): Promise<Candidate> {
  if ('policyId' in body) return ofPolicy(sql, log, body.policyId);
  if ('version' in body) return ofVersion(sql, log, body.version);
  const config = {
    key: body.key ?? log.key,
    params: body.params,
    exploration: body.exploration ?? log.exploration,
    floor: body.floor ?? log.floor,
  };
  return { ...ready(config, log.id, null), kind: 'params', version: null, learnedThrough: null };
}

async function ofPolicy(sql: Sql, log: PolicyRow, id: string): Promise<Candidate> {
  const row = await policyRowOf(sql, id);
  const version = row.serving_version;
  const snapshot = version === null ? null : ((await readSnapshot(sql, id, version)) ?? null);
  const config = configOf(row);
  if (snapshot && configHash(config) !== configHash({ ...config, params: snapshot.params })) {
    throw notEvaluable(`"${id}" has new parameters and has not learned with them yet; try again soon`);
  }
  const learnedThrough = id === log.id ? version : null;
  return { ...ready(config, id, snapshot), kind: 'policy', version, learnedThrough };
}

async function ofVersion(sql: Sql, log: PolicyRow, version: number): Promise<Candidate> {
  const snapshot = await readSnapshot(sql, log.id, version);
  if (!snapshot) throw Problem.notFound(`A version of the policy "${log.id}",`, String(version));
  if (snapshot.status === 'rejected') throw notEvaluable(`version ${version} was rejected when it was made`);
  const config = { ...configOf(log), params: snapshot.params };
  const hash = versionHash(config, snapshot.sha256);
  return { ...ready(config, log.id, snapshot), kind: 'version', version, hash, learnedThrough: version };
}

type Ready = Omit<Candidate, 'kind' | 'version' | 'learnedThrough'>;

function ready(config: CandidateConfig, policyId: string, snapshot: SnapshotRow | null): Ready {
  const policy: Policy | undefined = policyRegistry.find(config.key);
  if (!policy)
    throw Problem.invalid('/candidate/key', 'unknown_key', `the policy "${config.key}" is not registered`);
  try {
    const params = policy.params.parse(config.params);
    const base = {
      policyId,
      config,
      hash: configHash(config),
      exploration: compileExploration(config.exploration.key, config.exploration.params ?? {}),
    };
    if (policy.learns === 'online' && snapshot === null) {
      policy.compile(policy.initialState(params), params);
      return { ...base, compiled: null, learner: { policy, params } };
    }
    return { ...base, compiled: compiledBy(config, policyId, snapshot), learner: null };
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw Problem.invalid('/candidate', 'invalid_candidate', (error as Error).message);
  }
}

function compiledBy(config: CandidateConfig, id: string, snapshot: SnapshotRow | null): CompiledPolicy {
  const { exploration, ...rest } = config;
  const { compiled } = compileServingPolicy(
    {
      ...rest,
      id,
      exploration: { key: exploration.key, params: exploration.params ?? {} },
      rewardWindowSeconds: null,
    },
    asConfigured(
      config,
      snapshot && {
        policyId: id,
        version: snapshot.version,
        stateVersion: snapshot.state_version,
        params: snapshot.params,
        state: snapshot.state,
        sha256: snapshot.sha256,
      },
    ),
  );
  if (compiled === null) throw notEvaluable('a policy that learns in training runs is evaluated by them');
  return compiled;
}

const notEvaluable = (why: string): Problem =>
  Problem.conflict('not_evaluable', `The candidate cannot be evaluated: ${why}`);
