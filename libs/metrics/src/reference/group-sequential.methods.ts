import { z } from 'zod';
import { alphaSpent, groupSequentialBounds, groupSequentialSize } from '../sequential/index.js';
import type { GroupSequentialDesign, Spending } from '../sequential/index.js';
import type { ReferenceMethod } from './methods.js';

const error = z.object({
  spending: z.enum(['obrien_fleming', 'pocock', 'power']),
  rho: z.number().nullish(),
  alpha: z.number(),
  sides: z.union([z.literal(1), z.literal(2)]),
});
const design = error.extend({ information: z.array(z.number()) });

function spendingOf({ spending, rho }: z.output<typeof error>): Spending {
  return spending === 'power' ? { kind: 'power', rho: rho ?? 1 } : { kind: spending };
}

function designOf(parsed: z.output<typeof design>): GroupSequentialDesign {
  const { information, alpha, sides } = parsed;
  return { information, alpha, sides, spending: spendingOf(parsed) };
}

export const groupSequentialMethods: Record<string, ReferenceMethod> = {
  gs_spending(input) {
    const p = error.extend({ t: z.array(z.number()) }).parse(input);
    const spending = spendingOf(p);
    return {
      status: 'ok',
      alpha_spent_per_side: p.t.map((t) => alphaSpent(spending, p.alpha / p.sides, t)),
    };
  },
  gs_bounds(input) {
    const result = groupSequentialBounds(designOf(design.parse(input)));
    if (result.status !== 'ok') return { ...result };
    return {
      status: 'ok',
      critical_values: result.criticalValues,
      nominal_p_per_look: result.nominalP,
      alpha_spent_per_side: result.alphaSpentPerSide,
    };
  },
  gs_sample_size(input) {
    const p = design.extend({ delta: z.number(), sd: z.number(), power: z.number() }).parse(input);
    const result = groupSequentialSize(designOf(p), { delta: p.delta, sd: p.sd, power: p.power });
    if (result.status !== 'ok') return { ...result };
    return {
      status: 'ok',
      max_total_n: result.maxTotalUnits,
      fixed_total_n: result.fixedTotalUnits,
      inflation_factor: result.inflationFactor,
      expected_n_h1: result.expectedUnitsUnderDelta,
    };
  },
};
