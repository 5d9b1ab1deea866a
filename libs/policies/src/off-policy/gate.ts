import { defineParams } from '#experiments';
import { z } from 'zod';
import type { OffPolicyDiagnostics } from './diagnostics.js';
import {
  actionWeightClauses,
  agreementClause,
  auditClauses,
  meanWeightClause,
  sampleClauses,
  supportClause,
  verdictOf,
  worthClauses,
} from './gate-clauses.js';
import type { GateVerdict, JudgedEstimate, JudgedGuardrail, PairedDifference } from './gate-clauses.js';

const schema = z.object({
  largestMeanWeightZ: z
    .number()
    .positive()
    .default(3)
    .describe('The mean weight may be this many standard errors from 1.'),
  largestActionZ: z
    .number()
    .positive()
    .default(4)
    .describe('The same test for each action; it takes more because there is one per action.'),
  leastEffectiveRows: z.number().min(0).default(1000).describe('Effective sample size that is needed.'),
  leastEffectiveShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.01)
    .describe('Effective sample size that is needed, as a share of the rows.'),
  leastEffectiveRewarded: z
    .number()
    .min(0)
    .default(200)
    .describe('Effective number of rows with a reward that are needed.'),
  largestDisagreement: z
    .number()
    .positive()
    .default(2)
    .describe('DR, SNIPS and SWITCH may differ by this many combined standard errors.'),
  relativeMargin: z
    .number()
    .min(0)
    .max(1)
    .default(0.02)
    .describe('How much worse than the log the candidate may be, as a share of the log’s mean reward.'),
});

export type GateParams = z.output<typeof schema>;
export const gateParams = defineParams(schema);

/** Everything that the verdict depends on. */
export interface GateEvidence {
  readonly diagnostics: OffPolicyDiagnostics;
  /** Mean reward of the log. */
  readonly baseline: number;
  /** DR, SNIPS and SWITCH as far as they are defined. */
  readonly estimates: readonly JudgedEstimate[];
  readonly difference: PairedDifference | null;
  readonly guardrails: readonly JudgedGuardrail[];
  /** What the propensity audit said; null: one is needed and there is none; undefined: none is needed. */
  readonly audited: boolean | null | undefined;
}

/**
 * May a candidate take traffic? `yes` when the log supports an evaluation and the candidate is not worse than the log
 * by more than the margin, with a bound that holds at every sample size. `no` when the log supports one and the
 * candidate is worse by more than the margin. Everything else is `not-enough-evidence`: never a verdict on the
 * candidate.
 */
export function judgeCandidate(evidence: GateEvidence, params: GateParams): GateVerdict {
  const { diagnostics, audited } = evidence;
  const { worstAction } = diagnostics;
  const margin = params.relativeMargin * Math.abs(evidence.baseline);
  return verdictOf(
    [
      supportClause(diagnostics.support, NO_SUPPORT),
      meanWeightClause(diagnostics, params),
      ...actionWeightClauses(worstAction, `Action ${worstAction?.action ?? ''}`, params),
      ...auditClauses(audited),
      ...sampleClauses(diagnostics, params),
      agreementClause(evidence.estimates, 'DR, SNIPS and SWITCH', params),
    ],
    worthClauses(evidence.difference, evidence.guardrails, margin),
  );
}

const NO_SUPPORT =
  'The log holds neither whole distributions nor a floor, so nobody knows what it could have played.';
