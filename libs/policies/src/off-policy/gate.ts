import { defineParams } from '#experiments';
import { z } from 'zod';
import type { Interval } from './contract.js';
import type { OffPolicyDiagnostics } from './diagnostics.js';

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

/** A difference candidate minus log on the same rows, with a bound that holds at every sample size. */
export interface PairedDifference {
  readonly value: number;
  readonly standardError: number;
  readonly normal: Interval;
  readonly bound: Interval;
}

/** Everything that the verdict depends on. */
export interface GateEvidence {
  readonly diagnostics: OffPolicyDiagnostics;
  /** Mean reward of the log. */
  readonly baseline: number;
  /** DR, SNIPS and SWITCH as far as they are defined. */
  readonly estimates: readonly {
    readonly key: string;
    readonly value: number | null;
    readonly standardError: number | null;
  }[];
  readonly difference: PairedDifference | null;
  readonly guardrails: readonly {
    readonly key: string;
    readonly betterWhen: 'higher' | 'lower';
    /** How much worse the guardrail may get, in its own unit. */
    readonly margin: number;
    readonly difference: PairedDifference | null;
  }[];
  /** What the propensity audit said; null where none was run. */
  readonly audited: boolean | null;
}

export interface GateClause {
  readonly key: string;
  readonly title: string;
  readonly holds: boolean;
  /** Null where the number is undefined, which never holds. */
  readonly value: number | null;
  readonly threshold: number;
  readonly prose: string;
}

export interface GateVerdict {
  readonly answer: 'yes' | 'not-enough-evidence' | 'no';
  readonly prose: string;
  readonly clauses: readonly GateClause[];
}

/**
 * May a candidate take traffic? `yes` when the log supports an evaluation and the candidate is not worse than the log
 * by more than the margin, with a bound that holds at every sample size. `no` when the log supports one and the
 * candidate is worse by more than the margin. Everything else is `not-enough-evidence`: never a verdict on the
 * candidate.
 */
export function judgeCandidate(evidence: GateEvidence, params: GateParams): GateVerdict {
  const sound = [
    supportClause(evidence.diagnostics),
    ...propensityClauses(evidence, params),
    ...sampleClauses(evidence.diagnostics, params),
    agreementClause(evidence, params),
  ];
  const margin = params.relativeMargin * Math.abs(evidence.baseline);
  const worth = [
    differenceClause('improvement', 'Reward', evidence.difference, 1, margin),
    ...evidence.guardrails.map(({ key, betterWhen, difference, margin: most }) =>
      differenceClause(
        `guardrail:${key}`,
        `Guardrail ${key}`,
        difference,
        betterWhen === 'higher' ? 1 : -1,
        most,
      ),
    ),
  ];
  const clauses = [...sound, ...worth.map(({ clause }) => clause)];
  const missing = sound.filter(({ holds }) => !holds);
  if (missing.length > 0) {
    const prose = `The log does not support an evaluation of this candidate: ${missing.map(({ title }) => title.toLowerCase()).join(', ')}.`;
    return { answer: 'not-enough-evidence', prose, clauses };
  }
  const worse = worth.filter(({ isWorse }) => isWorse);
  if (worse.length > 0) {
    const prose = `The candidate is worse than the log by more than the margin: ${worse.map(({ clause }) => clause.title.toLowerCase()).join(', ')}.`;
    return { answer: 'no', prose, clauses };
  }
  const open = worth.filter(({ clause }) => !clause.holds);
  if (open.length > 0) {
    const prose = `The log cannot rule out that the candidate is worse by more than the margin: ${open.map(({ clause }) => clause.title.toLowerCase()).join(', ')}.`;
    return { answer: 'not-enough-evidence', prose, clauses };
  }
  return { answer: 'yes', prose: 'The candidate may take traffic.', clauses };
}

function supportClause({ support }: OffPolicyDiagnostics): GateClause {
  const value = support.kind === 'unknown' ? null : support.violations + support.unseenActions.length;
  const unseen = support.unseenActions.length;
  const reasons = [
    support.kind === 'unknown'
      ? 'The log holds neither whole distributions nor a floor, so nobody knows what it could have played.'
      : '',
    support.violations > 0
      ? `In ${support.violations} rows the candidate may play what the log could not; ${percent(support.unsupportedMass)} of its plays.`
      : '',
    unseen > 0
      ? `The candidate plays ${unseen} ${unseen === 1 ? 'action' : 'actions'} that the log never shows.`
      : '',
  ].filter((text) => text !== '');
  return {
    key: 'support',
    title: 'Overlap',
    holds: value === 0,
    value,
    threshold: 0,
    prose: reasons.join(' ') || 'The log could have played everything that the candidate plays.',
  };
}

function propensityClauses({ diagnostics, audited }: GateEvidence, params: GateParams): GateClause[] {
  const { meanWeight, meanWeightZ, worstAction } = diagnostics;
  const steady = meanWeightZ === null && Math.abs(meanWeight - 1) < 1e-9;
  const z = steady ? 0 : meanWeightZ;
  const clauses: GateClause[] = [
    {
      key: 'mean-weight',
      title: 'Mean weight',
      holds: z !== null && Math.abs(z) <= params.largestMeanWeightZ,
      value: z,
      threshold: params.largestMeanWeightZ,
      prose: `Weights have mean ${number(meanWeight)}; exact propensities give 1. The gap is ${z === null ? 'certain' : `${number(z)} standard errors`}.`,
    },
  ];
  if (worstAction) {
    clauses.push({
      key: 'action-weight',
      title: 'Weights by action',
      holds: Math.abs(worstAction.z) <= params.largestActionZ,
      value: worstAction.z,
      threshold: params.largestActionZ,
      prose: `Action ${worstAction.action} is furthest from the share it should have among weighted rows, by ${number(worstAction.z)} standard errors.`,
    });
  }
  if (audited !== null) {
    clauses.push({
      key: 'audit',
      title: 'Propensity audit',
      holds: audited,
      value: audited ? 1 : 0,
      threshold: 1,
      prose: audited ? 'The propensity audit passed.' : 'The propensity audit found wrong propensities.',
    });
  }
  return clauses;
}

function sampleClauses(diagnostics: OffPolicyDiagnostics, params: GateParams): GateClause[] {
  const { n, effectiveSampleSize, effectiveRewarded } = diagnostics;
  const needed = Math.max(params.leastEffectiveRows, params.leastEffectiveShare * n);
  return [
    {
      key: 'effective-sample',
      title: 'Effective sample size',
      holds: effectiveSampleSize >= needed,
      value: effectiveSampleSize,
      threshold: needed,
      prose: `The ${n} rows tell as much as ${number(effectiveSampleSize)} rows of the candidate’s own; ${number(needed)} are needed.`,
    },
    {
      key: 'effective-rewarded',
      title: 'Rewarded rows',
      holds: effectiveRewarded >= params.leastEffectiveRewarded,
      value: effectiveRewarded,
      threshold: params.leastEffectiveRewarded,
      prose: `Among rows with a reward the effective number is ${number(effectiveRewarded)}; ${number(params.leastEffectiveRewarded)} are needed.`,
    },
  ];
}

/** The largest of |a - b| / sqrt(se_a^2 + se_b^2) over the pairs of estimates. */
function agreementClause({ estimates }: GateEvidence, params: GateParams): GateClause {
  let largest: number | null = estimates.length > 1 ? 0 : null;
  for (const [i, a] of estimates.entries()) {
    for (const b of estimates.slice(i + 1)) {
      const gap = disagreement(a, b);
      largest = gap === null || largest === null ? null : Math.max(largest, gap);
    }
  }
  return {
    key: 'agreement',
    title: 'Agreement of estimators',
    holds: largest !== null && largest <= params.largestDisagreement,
    value: largest,
    threshold: params.largestDisagreement,
    prose:
      largest === null
        ? 'Not every estimator has a value.'
        : `DR, SNIPS and SWITCH differ by at most ${number(largest)} combined standard errors.`,
  };
}

type Measured = GateEvidence['estimates'][number];
function disagreement(a: Measured, b: Measured): number | null {
  if (a.value === null || b.value === null) return null;
  const error = Math.hypot(a.standardError ?? 0, b.standardError ?? 0);
  const gap = Math.abs(a.value - b.value);
  return error > 0 ? gap / error : gap === 0 ? 0 : null;
}

function differenceClause(
  key: string,
  title: string,
  difference: PairedDifference | null,
  sign: 1 | -1,
  margin: number,
): { clause: GateClause; isWorse: boolean } {
  const bound = difference?.bound ?? null;
  const least = bound && (sign === 1 ? bound.lower : -bound.upper);
  const most = bound && (sign === 1 ? bound.upper : -bound.lower);
  const prose =
    least === null || most === null
      ? 'The difference to the log is undefined.'
      : `Against the log the candidate is better by between ${number(least)} and ${number(most)}; it may be worse by ${number(margin)}.`;
  return {
    clause: { key, title, holds: least !== null && least > -margin, value: least, threshold: -margin, prose },
    isWorse: most !== null && most < -margin,
  };
}

const percent = (share: number): string => `${number(100 * share)} %`;
const number = (value: number): string => String(Number(value.toPrecision(4)));
