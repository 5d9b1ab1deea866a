import { DomainError, createRng } from '#experiments';
import type { Json } from '#experiments';
import { compileExploration, serveAction } from '#policies';
import type { DecisionRequest, Policy } from '#policies';
import { canonicalJson, sha256 } from '../persistence/canonical.js';

/** A learned state in the only form that is stored, compared and learned from. */
export interface StoredState {
  readonly json: Json;
  /** Canonical text of `json`. */
  readonly text: string;
  /** Hex SHA-256 of `text`. */
  readonly sha256: string;
}

/** Stands in the place of a state that could not be made. */
export const NO_STATE: StoredState = { json: null, text: 'null', sha256: sha256('null') };

/** A policy's own code failed; anything else that is thrown is the infrastructure's fault and worth another try. */
export class PolicyFailure extends Error {}

/** Runs a policy's code. @throws PolicyFailure in place of whatever it throws. */
export function blame<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw error instanceof PolicyFailure ? error : new PolicyFailure((error as Error).message);
  }
}

/**
 * Encodes a state. The result has been through JSON text, so it is what a reader of the database gets.
 * @throws DomainError `invalid_state` when a number in it is not finite.
 */
export function storeState(policy: Policy, state: unknown): StoredState {
  const encoded = policy.encode(state as never);
  requireFinite(encoded, '');
  const text = canonicalJson(encoded);
  return { json: JSON.parse(text) as Json, text, sha256: sha256(text) };
}

function requireFinite(value: Json, pointer: string): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new DomainError('invalid_state', `the state holds ${value} at ${pointer || '/'}`, pointer || '/');
  }
  if (value === null || typeof value !== 'object') return;
  for (const [key, inner] of Object.entries(value)) requireFinite(inner as Json, `${pointer}/${key}`);
}

/** How the policy would be served: what the gate must be able to do with a new state. */
export interface ServingTerms {
  readonly params: unknown;
  readonly exploration: { readonly key: string; readonly params?: unknown };
  readonly floor: number;
}

/**
 * Decides whether a new state may be served: it decodes and encodes to itself, compiles, and answers every probe with
 * finite probabilities that sum to 1.
 * @param probes real requests, e.g. of the newest decisions; may be empty.
 * @returns why not, in one sentence, or null when it may.
 */
export function gate(
  policy: Policy,
  stored: StoredState,
  terms: ServingTerms,
  probes: readonly DecisionRequest[],
): string | null {
  try {
    const state = policy.decode(stored.json);
    if (canonicalJson(policy.encode(state as never)) !== stored.text)
      return 'the state changes when it is stored and read back';
    const compiled = policy.compile(state as never, terms.params as never);
    const exploration = compileExploration(terms.exploration.key, terms.exploration.params ?? {});
    for (const probe of probes) serveAction(compiled, probe, exploration, terms.floor, createRng('gate'));
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
