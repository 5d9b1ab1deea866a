import type { PropensityFact } from '../contract.js';
import { normalSf } from '../distributions/index.js';
import { pValueText } from '../prose.js';
import { defineCheck } from './define-check.js';

const FAIL_BELOW = 0.001;

/** p-value that the mean inverse propensity has its expectation, the number of possible actions. */
function pValueOf(fact: PropensityFact): number | null {
  if (fact.decisions < 100 || !(fact.standardError >= 0)) return null;
  const gap = Math.abs(fact.meanInverse - fact.expected);
  if (fact.standardError === 0) return gap <= 1e-9 * Math.max(1, fact.expected) ? 1 : 0;
  return Math.min(1, 2 * normalSf(gap / fact.standardError));
}

export const propensityCheck = defineCheck({
  key: 'propensity',
  title: 'Propensities',
  description:
    'If actions were served with the probabilities on record, the mean of 1 / propensity equals the number of possible actions.',
  rule: 'Fails when the mean of 1 / propensity is not the number of possible actions, p below 0.001 shared by the arms. Does not block: arms against each other stay comparable; what breaks is off-policy evaluation and learning.',
  threshold: FAIL_BELOW,
  causes: [
    'A client changes the order or drops actions after the decision',
    "Fallback answers counted as the policy's",
    'A policy whose stated probabilities are not those it draws from',
  ],
  next: ['Replay some of its decisions under Decisions', 'Do not read off-policy estimates of this arm'],
  judge(facts) {
    if (!facts.propensities || facts.propensities.length === 0) return null;
    const judged = facts.propensities.map((fact) => ({ fact, p: pValueOf(fact) }));
    const known = judged.filter((entry): entry is { fact: PropensityFact; p: number } => entry.p !== null);
    if (known.length === 0) return { status: 'unknown', explanation: 'Too few decisions to check.' };
    const worst = known.reduce((a, b) => (b.p < a.p ? b : a));
    // Each arm is one test; the smallest p-value is judged against its share of the error.
    const failed = worst.p < FAIL_BELOW / known.length;
    const { fact } = worst;
    const numbers = `arm ${fact.arm}: mean inverse propensity ${fact.meanInverse.toPrecision(4)}, expected ${fact.expected.toPrecision(4)}, ${pValueText(worst.p)}`;
    return {
      status: failed ? 'fail' : 'pass',
      value: worst.p,
      explanation: failed
        ? `Actions were not served with the recorded probabilities (${numbers}). Off-policy estimates of this arm are wrong.`
        : `Actions were served with the recorded probabilities (${numbers}).`,
    };
  },
});
