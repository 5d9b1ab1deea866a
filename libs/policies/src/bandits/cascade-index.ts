import type { Evidence } from './counted-policy.js';
import { meansOf, mixUniform } from './counted-policy.js';
import { plannedShares } from './index-play.js';
import type { Index } from './index-play.js';
import type { SlotFiller } from './slate-chooser.js';

/** Slot after slot the index policy over the actions that are left, planned as for single choices. */
export function indexSlots(
  evidence: Evidence,
  params: { readonly epsilon: number; readonly planAhead: number },
  index: Index,
): SlotFiller {
  const fill = (open: Uint32Array): Float64Array => {
    const of = (values: Float64Array): Float64Array => Float64Array.from(open, (i) => values[i] as number);
    const left = { weight: of(evidence.weight), sum: of(evidence.sum) };
    return mixUniform(plannedShares(left, params.planAhead, index), params.epsilon);
  };
  return { scores: meansOf(evidence, 0), fill };
}
