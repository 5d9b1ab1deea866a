import { DomainError } from '#experiments';
import type { Ranker, RecommenderPolicy } from '../contract.js';

/** Recommenders that may be parts of another one, by key. */
export type Parts = ReadonlyMap<string, RecommenderPolicy>;

export const partsOf = (policies: readonly RecommenderPolicy[]): Parts =>
  new Map(policies.map((policy) => [policy.key, policy]));

/** @throws DomainError `invalid_state`. */
export function partOf(known: Parts, key: string): RecommenderPolicy {
  const policy = known.get(key);
  if (policy === undefined) throw new DomainError('invalid_state', `"${key}" cannot be blended`, '/parts');
  return policy;
}

/** A part's parameters, read by the part. @throws DomainError `invalid_params`, its pointer below `pointer`. */
export function parsePart(pointer: string, policy: RecommenderPolicy, params: unknown): unknown {
  try {
    return policy.params.parse(params);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const inside = error.pointer ?? '';
    const reason = error.message.slice(inside.length).replace(/^: /, '');
    const at = `${pointer}${inside === '/' ? '' : inside}`;
    throw new DomainError('invalid_params', `${at}: ${reason}`, at);
  }
}

export function compilePart(policy: RecommenderPolicy, state: unknown, params: unknown): Ranker {
  const compiled = policy.compile(state, params);
  if (compiled.decides === 'slate') return compiled;
  throw new Error(`${policy.key} does not rank, so it cannot be blended`);
}
