import type { CompiledPolicy, DecisionRequest } from '../contract.js';
import type { Wrapper } from './contract.js';
import { among, withoutSlots } from './distributions.js';

/** What two masks let through together. */
export const both = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((one, i) => one & (b[i] as number));

/**
 * The policy with the wrapper's limit. One that would leave nothing is not applied, since something has to be served; a
 * hard one is, and of the limits inside it those that leave nothing are dropped.
 */
export function limited(compiled: CompiledPolicy, wrapper: Wrapper, params: unknown): CompiledPolicy {
  const limit = wrapper.eligible?.bind(wrapper);
  if (!limit) return compiled;
  const eligible = (request: DecisionRequest): Uint8Array => {
    const inside = compiled.eligible?.(request);
    const mask = limit(request, params);
    if (wrapper.hard) return inside && both(mask, inside).includes(1) ? both(mask, inside) : mask;
    if (!inside) return mask.includes(1) ? mask : mask.fill(1);
    const left = both(mask, inside);
    return left.includes(1) ? left : inside;
  };
  const contact = wrapper.contact?.bind(wrapper);
  const silent = wrapper.silent?.(params);
  const told = {
    ...(contact && { contact: (request: DecisionRequest) => contact(request, params) }),
    ...(silent !== undefined && { silent }),
  };
  if (compiled.decides === 'slate') return { ...compiled, ...told, eligible };
  const inside = compiled;
  return {
    ...withoutSlots(compiled),
    ...told,
    eligible,
    distribution: (request) => among(inside, request, eligible(request)),
  };
}
