import { z } from 'zod';
import { fcrIntervals, intervalFromAdjustedP } from '../multiplicity/index.js';
import type { ReferenceMethod } from './methods.js';

/** A bound of an interval: JSON has no infinities, so they are strings. */
const bound = z
  .union([z.number(), z.enum(['Infinity', '-Infinity'])])
  .transform((value) => (typeof value === 'number' ? value : value === 'Infinity' ? Infinity : -Infinity));

export const multiplicityMethods: Record<string, ReferenceMethod> = {
  adjusted_ci_backout(input) {
    const p = z
      .object({
        estimate: z.number(),
        adjusted_p: z.number(),
        alpha: z.number(),
        ci: z.tuple([bound, bound]),
      })
      .parse(input);
    const result = intervalFromAdjustedP(p.estimate, p.adjusted_p, p.alpha, p.ci);
    if (result.status !== 'ok') return { ...result };
    return { status: 'ok', ci_lower: result.lower, ci_upper: result.upper };
  },
  fcr_ci(input) {
    const p = z
      .object({
        estimates: z.array(z.number().nullable()),
        se: z.array(z.number().nullable()),
        alpha: z.number(),
      })
      .parse(input);
    const result = fcrIntervals(p.estimates, p.se, p.alpha);
    if (result.status !== 'ok') return { ...result };
    return {
      status: 'ok',
      selected: result.selected,
      alpha_fcr: result.alphaFcr,
      ci_lower: result.lower,
      ci_upper: result.upper,
    };
  },
};
