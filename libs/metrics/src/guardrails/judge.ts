import { RATE_CONCENTRATION } from '../health/event-rates.check.js';
import type { EntryFact, EventRateFact } from '../health/facts.js';
import { sequentialRatio } from '../health/sample-ratio.js';
import { percent } from '../prose.js';
import { ratesOverPeriods } from '../sequential/index.js';

/** What a breach leads to, the mildest first. `control`: the experiment is paused and all its units get control. */
export const GUARD_ACTIONS = ['off', 'alert', 'pause', 'control'] as const;
export type GuardAction = (typeof GUARD_ACTIONS)[number];
export type GuardWatch = 'metric' | 'sample-ratio' | 'errors';

/** What is watched in one experiment, and what a breach leads to. */
export interface GuardPlan {
  /** Probability that an experiment in which nothing is wrong is ever found in breach, over all its tests. */
  readonly alpha: number;
  /** Nothing is judged before so many minutes since the start. */
  readonly minimumMinutes: number;
  /** Nothing is judged before every arm has so many units, or clusters where these were assigned. */
  readonly minimumUnits: number;
  /** By guardrail metric; `defaultAction` for those not named. `margin` null: the metric's own. */
  readonly metrics: Readonly<
    Record<string, { readonly action: GuardAction; readonly margin: number | null }>
  >;
  readonly defaultAction: GuardAction;
  readonly sampleRatio: GuardAction;
  readonly errors: GuardAction;
}

export const DEFAULT_GUARD_PLAN: GuardPlan = {
  alpha: 0.01,
  minimumMinutes: 60,
  minimumUnits: 100,
  metrics: {},
  defaultAction: 'alert',
  sampleRatio: 'alert',
  errors: 'alert',
};

/** One guardrail metric in one arm against control. */
export interface MetricEvidence {
  readonly metric: string;
  readonly title: string;
  readonly arm: string;
  /** Largest relative deterioration that is tolerated. */
  readonly margin: number;
  /**
   * Least relative deterioration that a confidence sequence at the level of one test (`guardTests`) allows; negative: it
   * may be an improvement. null: no such end, because too little is known.
   */
  readonly leastHarm: number | null;
}

export interface GuardEvidence {
  /** Minutes since the start. */
  readonly minutes: number;
  /** Arms with a weight, control first. */
  readonly arms: readonly { readonly key: string; readonly units: number }[];
  readonly metrics: readonly MetricEvidence[];
  /** Units, or clusters, by day and allocation, oldest day first, in the order of `arms`. */
  readonly entries: readonly EntryFact[];
  readonly eventRates: readonly EventRateFact[];
  /**
   * Units share arms by cluster: `arms`, `entries` and `eventRates` count clusters, each by its first unit or event, since
   * these were assigned.
   */
  readonly clustered?: boolean;
}

export interface GuardFinding {
  readonly watch: GuardWatch;
  /** The metric or the event; `split` for the sample ratio. */
  readonly key: string;
  /** Empty for the sample ratio, which concerns all arms. */
  readonly arm: string;
  readonly action: GuardAction;
  /** `waiting`: too early or too little to judge. */
  readonly status: 'breach' | 'fine' | 'waiting';
  readonly detail: string;
}

/** Events beyond these share the error as if there were as many; so that new names of events do not change old levels. */
const LEAST_EVENTS = 10;
/** A rate of errors that is higher by less, beyond doubt, holds nothing back. */
const ERRORS_MATTER = 1.05;

/** The action for a guardrail metric. */
const actionFor = (plan: GuardPlan, metric: string): GuardAction =>
  plan.metrics[metric]?.action ?? plan.defaultAction;

/**
 * How the error of a plan is shared (Bonferroni): one share to each guardrail metric in each arm but control, one to the
 * split, one to all events together; what is off takes none.
 * @returns the number of shares and the level of one.
 */
export function guardTests(
  plan: GuardPlan,
  metrics: readonly string[],
  treatments: number,
): { readonly shares: number; readonly level: number } {
  const watched = metrics.filter((metric) => actionFor(plan, metric) !== 'off').length;
  const others = Number(plan.sampleRatio !== 'off') + Number(plan.errors !== 'off');
  const shares = Math.max(1, watched * treatments + others);
  return { shares, level: plan.alpha / shares };
}

/**
 * Judges everything that is watched. Each test is valid however often it is looked at: confidence sequences for metrics
 * (Waudby-Smith et al. 2021, arXiv 2103.06476; asymptotic), the Dirichlet test of the split and of first events (Lindon
 * and Malek 2022, arXiv 2011.03567). A metric is in breach when its whole interval is worse than its margin, an event
 * when its rate is at least 1.05 times control's beyond doubt. Together they err with probability at most `plan.alpha`.
 * Never throws.
 */
export function judgeGuardrails(plan: GuardPlan, evidence: GuardEvidence): GuardFinding[] {
  const watched = [...new Set(evidence.metrics.map(({ metric }) => metric))];
  const { level } = guardTests(plan, watched, evidence.arms.length - 1);
  const early = tooEarly(plan, evidence);
  const found = [
    ...evidence.metrics.map((fact) => metricFinding(plan, fact)),
    ...splitFinding(plan, evidence, level),
    ...errorFindings(plan, evidence, level),
  ].filter(({ action }) => action !== 'off');
  return early === null ? found : found.map((one) => ({ ...one, status: 'waiting', detail: early }));
}

function tooEarly(plan: GuardPlan, { minutes, arms, clustered }: GuardEvidence): string | null {
  if (minutes < plan.minimumMinutes)
    return `Judged from ${plan.minimumMinutes} minutes after the start; ${Math.floor(minutes)} have passed.`;
  const least = Math.min(...arms.map(({ units }) => units));
  return least >= plan.minimumUnits
    ? null
    : `Judged from ${plan.minimumUnits} ${clustered ? 'clusters' : 'units'} in every arm; the smallest has ${least}.`;
}

function metricFinding(plan: GuardPlan, fact: MetricEvidence): GuardFinding {
  const { metric, title, arm, leastHarm } = fact;
  const margin = plan.metrics[metric]?.margin ?? fact.margin;
  const shared = { watch: 'metric' as const, key: metric, arm, action: actionFor(plan, metric) };
  if (leastHarm === null)
    return { ...shared, status: 'waiting', detail: `Too little is known of ${title} yet.` };
  const tolerated = `tolerated is ${percent(margin)}`;
  if (leastHarm > margin)
    return {
      ...shared,
      status: 'breach',
      detail: `${title} in ${arm} is worse than control by at least ${percent(leastHarm)}; ${tolerated}.`,
    };
  const bound = leastHarm > 0 ? `worse by at least ${percent(leastHarm)}` : 'not clearly worse than control';
  return { ...shared, status: 'fine', detail: `${title} in ${arm}: ${bound}; ${tolerated}.` };
}

function splitFinding(plan: GuardPlan, { entries, clustered }: GuardEvidence, level: number): GuardFinding[] {
  const shared = { watch: 'sample-ratio' as const, key: 'split', arm: '', action: plan.sampleRatio };
  const counted = clustered ? 'Clusters' : 'Units';
  const tested = sequentialRatio(entries);
  if (!tested)
    return [
      { ...shared, status: 'waiting', detail: `There are no ${counted.toLowerCase()} to compare yet.` },
    ];
  if (tested.pValue >= level)
    return [{ ...shared, status: 'fine', detail: `${counted} are split over the arms as planned.` }];
  const detail = `${counted} are not split over the arms as planned: always-valid p ${small(tested.pValue)}, below ${small(level)}.`;
  return [{ ...shared, status: 'breach', detail }];
}

function errorFindings(
  plan: GuardPlan,
  { eventRates, clustered }: GuardEvidence,
  level: number,
): GuardFinding[] {
  const counted = clustered ? 'clusters' : 'units';
  const alpha = level / Math.max(LEAST_EVENTS, eventRates.length);
  return eventRates.flatMap(({ event, arm, periods }): GuardFinding[] => {
    const rates = ratesOverPeriods(periods, RATE_CONCENTRATION, alpha);
    if (rates.status !== 'ok') return [];
    const shared = { watch: 'errors' as const, key: event, arm, action: plan.errors };
    const [control, treatment] = rates.events;
    const counts = `${event}: ${treatment} ${counted} of ${arm}, ${control} of control`;
    // Without an interval no single ratio explains all periods; the one that fits best stands in.
    const least = rates.interval ? rates.interval.lower : (rates.rateRatio ?? Infinity);
    const breach = rates.pValue < alpha && least > ERRORS_MATTER;
    const detail = breach ? `${counts}; at least ${least.toFixed(2)} times control's rate.` : `${counts}.`;
    return [{ ...shared, status: breach ? 'breach' : 'fine', detail }];
  });
}

const small = (p: number): string => (p === 0 ? '0' : p.toPrecision(2));

/** The strongest of some actions; `off` of none. */
export function strongestAction(actions: readonly GuardAction[]): GuardAction {
  const rank = Math.max(0, ...actions.map((action) => GUARD_ACTIONS.indexOf(action)));
  return GUARD_ACTIONS[rank] ?? 'off';
}
