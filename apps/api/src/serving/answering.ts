import type { Json } from '#experiments';
import type { CompiledPolicy } from '#policies';
import type { PolicyConfig } from './catalog-data.js';
import { uniformOf } from './choice.js';
import { asConfigured, compileServingPolicy } from './serving-policy.js';
import type { ServingPolicy, Snapshot } from './serving-policy.js';

/** A policy at a version, ready to answer again what was asked once. */
export interface Answering {
  readonly policy: ServingPolicy & { readonly compiled: CompiledPolicy };
  /** The same without its wrappers; the policy itself where it wears none. */
  readonly bare: CompiledPolicy;
  /** Parameters that it answers with, as stored. */
  readonly params: Json;
}

/** What may differ from the policy as it is stored. */
export interface Overrides {
  /** Laid over the parameters of the version; a null takes one away. */
  readonly params?: Readonly<Record<string, Json>> | undefined;
  readonly exploration?: PolicyConfig['exploration'] | undefined;
  readonly floor?: number | undefined;
  /** Of the decision; in the exploration slice every order is drawn with the same probability. */
  readonly slice?: 'exploration' | 'analysis' | null;
}

/**
 * @param stored the snapshot; null: the state before anything was learned.
 * @throws Error when the state, the parameters or the exploration are not valid, or there is nothing to serve.
 */
export function answering(
  config: PolicyConfig,
  stored: Snapshot | null,
  overrides: Overrides = {},
): Answering {
  const snapshot = asConfigured(config, stored);
  const params = merged(snapshot === null ? config.params : snapshot.params, overrides.params);
  const terms: PolicyConfig = {
    ...config,
    // What never learns has no versions, and answers by what is configured.
    params: merged(config.params, overrides.params),
    exploration: overrides.exploration ?? config.exploration,
    floor: overrides.floor ?? config.floor,
  };
  const compile = (own: Json): ServingPolicy =>
    compileServingPolicy(
      snapshot === null ? { ...terms, params: own } : terms,
      snapshot === null ? null : { ...snapshot, params: own },
    );
  const alone = compile(params);
  const policy =
    overrides.slice === 'exploration' ? { ...alone, compiled: uniformOf(alone.compiled) } : alone;
  if (!isCompiled(policy)) throw new Error('nothing was learned yet, and without that it serves nothing');
  const isWorn = isObject(params) && 'wrappers' in params;
  const bare = isWorn ? compile(merged(params, { wrappers: null })).compiled : null;
  return { policy, bare: bare ?? alone.compiled ?? policy.compiled, params };
}

const isCompiled = (policy: ServingPolicy): policy is Answering['policy'] => policy.compiled !== null;

const isObject = (json: Json): json is Readonly<Record<string, Json>> =>
  json !== null && typeof json === 'object' && !Array.isArray(json);

function merged(params: Json, over: Readonly<Record<string, Json>> | undefined): Json {
  if (over === undefined) return params;
  const all = { ...(isObject(params) ? params : {}), ...over };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
}
