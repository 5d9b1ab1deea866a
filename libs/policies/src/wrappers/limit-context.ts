import type { Context, Registry } from '#experiments';
import type { Wrapper } from './contract.js';

interface Worn {
  readonly wrappers?: readonly { readonly key: string; readonly params?: unknown }[];
}

/**
 * What is left of a context for a policy that may not know the unit: only the attributes that say what may be shown at
 * all (the country of a licence, the age rating of a profile, what stands above on the page).
 * @param params of the policy, parsed or as stored.
 */
export function limitContextIn(context: Context, params: unknown, wrappers: Registry<Wrapper>): Context {
  const { wrappers: worn } = (params ?? {}) as Worn;
  if (!Array.isArray(worn)) return NOTHING;
  const names = (worn as NonNullable<Worn['wrappers']>).flatMap(({ key, params: own }) => {
    const wrapper = wrappers.find(key);
    return wrapper?.limitAttributes?.(wrapper.params.parse(own)) ?? [];
  });
  const kept = names.filter((name) => Object.hasOwn(context, name));
  return Object.fromEntries(kept.map((name) => [name, context[name]])) as Context;
}

const NOTHING: Context = Object.freeze({});
