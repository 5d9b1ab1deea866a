import { defineParams } from '#experiments';
import { z } from 'zod';
import { column, meanTerms } from '../contract.js';
import type { OffPolicyEstimator } from '../contract.js';
import { tuningScores } from '../tuning.js';
import { correctedBy, correctedRange } from '../weights.js';

/** Tried when no lambda is given; the largest is nearly plain DR at any weight that a floor of 0.1 % allows. */
const GRID = [1, 3, 10, 30, 100, 300, 1e3, 3e3, 1e4, 1e5, 1e6, 1e8];

const params = defineParams(
  z.object({
    lambda: z
      .number()
      .min(0)
      .optional()
      .describe(
        '0 is the direct method, infinity plain doubly robust. Without it, the value with the best score is used.',
      ),
  }),
);

/** mean(qe + w_hat (r - q)) with w_hat = lambda w / (w^2 + lambda). */
export const drShrinkage: OffPolicyEstimator<{ lambda?: number | undefined }> = {
  key: 'dr-os',
  title: 'Doubly robust with optimistic shrinkage',
  summary:
    'Doubly robust with large weights shrunk smoothly. How much is chosen by an estimate of its own mean squared error.',
  reference:
    'Su, Dimakopoulou, Krishnamurthy and Dudik (2020), Doubly robust off-policy evaluation with shrinkage',
  params,
  estimate: (evidence, { lambda }) => {
    const model = evidence.model();
    const at = (value: number) => {
      const shrunk = column(evidence, (i) => {
        const w = evidence.weight[i] as number;
        return w === 0 ? 0 : (value * w) / (w * w + value);
      });
      const terms = correctedBy(evidence, model, shrunk);
      return { lambda: value, terms, ...tuningScores(evidence, model, shrunk, terms) };
    };
    const tried = (lambda === undefined ? GRID : [lambda]).map(at);
    const best = tried.reduce((a, b) => (b.scoreDirect < a.scoreDirect ? b : a));
    return meanTerms(best.terms, {
      // lambda w / (w^2 + lambda) is largest at w = sqrt(lambda), where it is sqrt(lambda) / 2.
      range: (bounds) =>
        correctedRange(model, bounds, Math.min(bounds.largestWeight, Math.sqrt(best.lambda) / 2)),
      details: { lambda: best.lambda, scoreDirect: best.scoreDirect, scoreUpper: best.scoreUpper },
    });
  },
};
