import type { Context, Registry } from '#experiments';
import type { Wrapper } from './contract.js';

interface Worn {
  readonly wrappers?: readonly { readonly key: string; readonly params?: unknown }[];
}

/** What the unit asks for with this very request: an answer to a question uses it, or is none. */
const QUESTION = ['query', 'mode'];

const wornIn = (params: unknown): NonNullable<Worn['wrappers']> => {
  const { wrappers: worn } = (params ?? {}) as Worn;
  return Array.isArray(worn) ? (worn as NonNullable<Worn['wrappers']>) : [];
};

/** Features of actions that the limits of a policy look at; none of limits that are not valid: those serve nothing. */
export const limitFeaturesIn = (params: unknown, wrappers: Registry<Wrapper>): readonly string[] =>
  wornIn(params).flatMap(({ key, params: own }) => {
    const wrapper = wrappers.find(key);
    try {
      return wrapper?.limitFeatures?.(wrapper.params.parse(own)) ?? [];
    } catch {
      return [];
    }
  });

/**
 * What is left of a context for a policy that may not know the unit: only the question that it asks, and the attributes that say what may be shown at
 * all (the country of a licence, the age rating of a profile, what stands above on the page).
 * @param params of the policy, parsed or as stored.
 */
export function limitContextIn(context: Context, params: unknown, wrappers: Registry<Wrapper>): Context {
  const names = wornIn(params).flatMap(({ key, params: own }) => {
    const wrapper = wrappers.find(key);
    return wrapper?.limitAttributes?.(wrapper.params.parse(own)) ?? [];
  });
  const kept = [...QUESTION, ...names].filter((name) => Object.hasOwn(context, name));
  return Object.fromEntries(kept.map((name) => [name, context[name]])) as Context;
}
