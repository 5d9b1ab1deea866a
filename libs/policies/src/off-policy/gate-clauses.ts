import type { Interval } from './contract.js';
import type { Support } from './diagnostics.js';

/** Thresholds of the conditions that every gate shares; gateParams has their defaults. */
interface Thresholds {
  readonly largestMeanWeightZ: number;
  readonly largestActionZ: number;
  readonly leastEffectiveRows: number;
  readonly leastEffectiveShare: number;
  readonly leastEffectiveRewarded: number;
  readonly largestDisagreement: number;
}

/** A difference candidate minus log on the same rows, with a bound that holds at every sample size. */
export interface PairedDifference {
  readonly value: number;
  readonly standardError: number;
  readonly normal: Interval;
  readonly bound: Interval;
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

/** A condition on what the candidate earns. */
export interface WorthClause {
  readonly clause: GateClause;
  /** The log shows that the candidate is worse by more than the margin. */
  readonly isWorse: boolean;
}

/** An estimate whose agreement with others is a condition. */
export interface JudgedEstimate {
  readonly key: string;
  readonly value: number | null;
  readonly standardError: number | null;
}

/**
 * The verdict of clauses: first the log has to support an evaluation, then the candidate has to be worth it.
 * @param sound conditions on the log.
 * @param worth conditions on the candidate.
 */
export function verdictOf(sound: readonly GateClause[], worth: readonly WorthClause[]): GateVerdict {
  const clauses = [...sound, ...worth.map(({ clause }) => clause)];
  const titles = (list: readonly GateClause[]): string =>
    list.map(({ title }) => title.toLowerCase()).join(', ');
  const missing = sound.filter(({ holds }) => !holds);
  if (missing.length > 0) {
    const prose = `The log does not support an evaluation of this candidate: ${titles(missing)}.`;
    return { answer: 'not-enough-evidence', prose, clauses };
  }
  const worse = worth.flatMap(({ isWorse, clause }) => (isWorse ? [clause] : []));
  if (worse.length > 0) {
    const prose = `The candidate is worse than the log by more than the margin: ${titles(worse)}.`;
    return { answer: 'no', prose, clauses };
  }
  const open = worth.flatMap(({ clause }) => (clause.holds ? [] : [clause]));
  if (open.length > 0) {
    const prose = `The log cannot rule out that the candidate is worse by more than the margin: ${titles(open)}.`;
    return { answer: 'not-enough-evidence', prose, clauses };
  }
  return { answer: 'yes', prose: 'The candidate may take traffic.', clauses };
}

/** @param unknown what to say where nobody knows what the log could have played. */
export function supportClause(support: Support, unknown: string): GateClause {
  const value = support.kind === 'unknown' ? null : support.violations + support.unseenActions.length;
  const unseen = support.unseenActions.length;
  const reasons = [
    support.kind === 'unknown' ? unknown : '',
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

export function meanWeightClause(
  { meanWeight, meanWeightZ }: { readonly meanWeight: number; readonly meanWeightZ: number | null },
  params: Thresholds,
): GateClause {
  const steady = meanWeightZ === null && Math.abs(meanWeight - 1) < 1e-9;
  const z = steady ? 0 : meanWeightZ;
  return {
    key: 'mean-weight',
    title: 'Mean weight',
    holds: z !== null && Math.abs(z) <= params.largestMeanWeightZ,
    value: z,
    threshold: params.largestMeanWeightZ,
    prose: `Weights have mean ${number(meanWeight)}; exact propensities give 1. The gap is ${z === null ? 'certain' : `${number(z)} standard errors`}.`,
  };
}

/** The action that is furthest off. @param where the action in words; null: no action varies, and there is no clause. */
export function actionWeightClauses(
  worst: { readonly z: number } | null,
  where: string,
  params: Thresholds,
): GateClause[] {
  if (!worst) return [];
  return [
    {
      key: 'action-weight',
      title: 'Weights by action',
      holds: Math.abs(worst.z) <= params.largestActionZ,
      value: worst.z,
      threshold: params.largestActionZ,
      prose: `${where} is furthest from the share it should have among weighted rows, by ${number(worst.z)} standard errors.`,
    },
  ];
}

/** @param audited null: an audit is needed and there is none; undefined: none is needed, and there is no clause. */
export function auditClauses(audited: boolean | null | undefined): GateClause[] {
  if (audited === undefined) return [];
  const prose =
    audited === null
      ? 'No audit has looked at enough of the logged propensities.'
      : audited
        ? 'The propensity audit passed.'
        : 'The propensity audit found wrong propensities.';
  return [
    {
      key: 'audit',
      title: 'Propensity audit',
      holds: audited === true,
      value: audited === null ? null : Number(audited),
      threshold: 1,
      prose,
    },
  ];
}

export function sampleClauses(
  {
    n,
    effectiveSampleSize,
    effectiveRewarded,
  }: {
    readonly n: number;
    readonly effectiveSampleSize: number;
    readonly effectiveRewarded: number;
  },
  params: Thresholds,
): GateClause[] {
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

/** The largest of |a - b| / sqrt(se_a^2 + se_b^2) over the pairs of estimates. @param names of them, for people. */
export function agreementClause(
  estimates: readonly JudgedEstimate[],
  names: string,
  params: Thresholds,
): GateClause {
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
        : `${names} differ by at most ${number(largest)} combined standard errors.`,
  };
}

function disagreement(a: JudgedEstimate, b: JudgedEstimate): number | null {
  if (a.value === null || b.value === null) return null;
  const error = Math.hypot(a.standardError ?? 0, b.standardError ?? 0);
  const gap = Math.abs(a.value - b.value);
  return error > 0 ? gap / error : gap === 0 ? 0 : null;
}

/** A signal that may not get worse, and what the log says of it. */
export interface JudgedGuardrail {
  readonly key: string;
  readonly betterWhen: 'higher' | 'lower';
  /** How much worse it may get, in its own unit. */
  readonly margin: number;
  readonly difference: PairedDifference | null;
}

/** The reward and every guardrail, in the order of the clauses. @param margin of the reward, in its unit. */
export const worthClauses = (
  difference: PairedDifference | null,
  guardrails: readonly JudgedGuardrail[],
  margin: number,
): WorthClause[] => [
  differenceClause('improvement', 'Reward', difference, 1, margin),
  ...guardrails.map(({ key, betterWhen, difference: of, margin: most }) =>
    differenceClause(`guardrail:${key}`, `Guardrail ${key}`, of, betterWhen === 'higher' ? 1 : -1, most),
  ),
];

/** @param sign 1: more is better. */
function differenceClause(
  key: string,
  title: string,
  difference: PairedDifference | null,
  sign: 1 | -1,
  margin: number,
): WorthClause {
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
