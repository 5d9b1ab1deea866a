import type {
  Estimator,
  HalfWidthOptions,
  HealthFacts,
  MetricDefinition,
  Moments,
  PowerFact,
} from '../contract.js';
import { normalSf } from '../distributions/index.js';
import { powerAt } from '../power/power.js';
import { lookToWaitFor } from '../estimators/planned-looks.js';
import type { ReportMetric, ReportResult } from '../report.contract.js';
import type { BalanceFact, CombinedFact, EstimatorFact, GuardrailFact, MaturityFact } from './facts.js';

export interface ReportFactsInput {
  readonly results: readonly ReportResult[];
  readonly metrics: readonly ReportMetric[];
  readonly baseline: string;
  /** Whether its units so far entered under one allocation, as those of a long window at first. */
  readonly isOfOnePeriod: (metric: string) => boolean;
  readonly momentsOf: (metric: string, arm: string) => Moments | undefined;
  readonly power: {
    readonly estimator: Estimator;
    readonly minimumLiftOf: (metric: string) => number;
    readonly optionsOf: (arm: string) => HalfWidthOptions;
  };
}

/** Adds what only the results can tell: power, maturity, guardrails, balance of covariates, how much is compared. */
export function withReportFacts(facts: HealthFacts, input: ReportFactsInput): HealthFacts {
  const power = powerOf(facts, input);
  const matured = maturedOf(input.results);
  const combined = combinedOf(input);
  return {
    ...facts,
    ...(combined ? { combined } : {}),
    ...(power ? { power } : {}),
    ...(matured ? { matured } : {}),
    estimator: lookedAtWith(facts, input),
    guardrails: guardrailsOf(input.results),
    metricsLookedAt: input.metrics.length,
    maturity: maturityOf(facts, input),
    balance: balanceOf(input),
  };
}

function combinedOf({ results, isOfOnePeriod }: ReportFactsInput): CombinedFact | null {
  const isSound = ({ periods, metric }: ReportResult): boolean => periods !== null || isOfOnePeriod(metric);
  if (!results.some(isSound)) return null;
  const titles = (wanted: (result: ReportResult) => boolean): string[] => [
    ...new Set(results.filter((result) => !isSound(result) && wanted(result)).map(({ title }) => title)),
  ];
  return {
    blocked: titles(({ role }) => role !== 'secondary'),
    pooled: titles(({ role }) => role === 'secondary'),
    leftOut: Math.max(...results.map(({ periods }) => periods?.leftOut ?? 0)),
  };
}

/** Planned looks are paid for as well: a group sequential estimator may be read at them, and nowhere between. */
function lookedAtWith(
  { daysRunning, pausedDays }: HealthFacts,
  { power, results }: ReportFactsInput,
): EstimatorFact {
  const { title, validUnderPeeking, key } = power.estimator;
  const shares = results
    .filter(({ role }) => role === 'decision')
    .flatMap(({ arm, effect }) => {
      const plan = power.optionsOf(arm).lookPlan;
      return plan ? [{ plan, share: (effect.control.n + effect.treatment.n) / plan.plannedUnits }] : [];
    });
  const [first] = shares;
  if (key !== 'group-sequential' || !first) return { title, validUnderPeeking };
  const now = shares.reduce((sum, { share }) => sum + share, 0) / shares.length;
  const days = (daysRunning ?? 0) - (pausedDays ?? 0);
  const plan = { ...first.plan, plannedUnits: 1 };
  // Within the first day all units are that day's, which says nothing of a usual one.
  const next = lookToWaitFor(now, plan, days >= 1 ? now / days : 0);
  return { title, validUnderPeeking, looks: { now, next } };
}

/** What the decision metric can find at this size; with several, the one that needs the most units. */
function powerOf(facts: HealthFacts, input: ReportFactsInput): PowerFact | null {
  const candidates = input.results
    .filter((result) => result.role === 'decision' && result.effect.standardError !== null)
    .map((result): PowerFact => ({
      metric: result.title,
      arm: result.arm,
      detectableLift: result.detectable.relative,
      minimumLift: input.power.minimumLiftOf(result.metric),
      unitsNeededPerArm: result.unitsNeededPerArm,
      decided: result.direction !== 'unclear',
      projectedPower: projectedPower(result, growthUntilEnd(facts), input),
    }));
  return candidates.reduce<PowerFact | null>(
    (worst, fact) =>
      worst === null || (fact.detectableLift ?? Infinity) > (worst.detectableLift ?? Infinity) ? fact : worst,
    null,
  );
}

/** By which factor the units grow until the planned end, at the present rate where only days are planned. */
function growthUntilEnd({ plan, running, totalUnits, daysRunning, pausedDays }: HealthFacts): number | null {
  if (!plan || totalUnits === 0) return null;
  if (running !== true) return 1;
  if (plan.units !== null) return Math.max(1, plan.units / totalUnits);
  const days = (daysRunning ?? 0) - (pausedDays ?? 0);
  return days > 0 ? Math.max(1, plan.days / days) : null;
}

/** Power at the smallest lift that matters when both arms have grown by a factor, by the estimator's own interval. */
function projectedPower(
  { metric, arm, effect }: ReportResult,
  growth: number | null,
  { power }: ReportFactsInput,
): number | null {
  const { standardError, control, treatment } = effect;
  if (growth === null || standardError === null || !(standardError > 0) || control.mean === null) return null;
  const sizes = { control: control.n * growth, treatment: treatment.n * growth };
  const halfWidth = power.estimator.halfWidth(sizes, power.optionsOf(arm));
  const wanted = (power.minimumLiftOf(metric) * Math.abs(control.mean) * Math.sqrt(growth)) / standardError;
  if (halfWidth === null || !(wanted > 0) || !Number.isFinite(wanted)) return null;
  return Math.min(1, powerAt(wanted, halfWidth));
}

function maturedOf(results: readonly ReportResult[]): HealthFacts['matured'] | null {
  const arms = results
    .filter((result) => result.role === 'decision')
    .flatMap(({ title, arm, effect }) => [
      { metric: title, arm: 'the baseline', units: effect.control.n },
      { metric: title, arm, units: effect.treatment.n },
    ]);
  return arms.reduce<(typeof arms)[number] | null>(
    (least, arm) => (least === null || arm.units < least.units ? arm : least),
    null,
  );
}

function guardrailsOf(results: readonly ReportResult[]): GuardrailFact[] {
  return results.flatMap((result) => {
    if (result.role !== 'guardrail' || !result.nonInferiority) return [];
    const { interval } = result.effect.relative;
    const kindest = result.betterWhen === 'higher' ? interval?.upper : interval?.lower;
    const harm =
      kindest === undefined || kindest === null ? null : result.betterWhen === 'higher' ? -kindest : kindest;
    return [
      {
        metric: result.title,
        arm: result.arm,
        margin: result.nonInferiority.margin,
        leastHarm: harm,
        harmed: result.direction === 'worse' && !result.nonInferiority.holds,
      },
    ];
  });
}

/** Retention metrics only: for them it is the window that keeps units out. */
function maturityOf(facts: HealthFacts, { metrics, momentsOf }: ReportFactsInput): MaturityFact[] {
  return metrics
    .filter(({ definition }) => definition.kind === 'retention')
    .map(({ definition }) => {
      const open = facts.arms.filter((arm) => arm.weight > 0);
      return {
        metric: definition.title,
        matured: open.reduce((sum, arm) => sum + (momentsOf(definition.key, arm.key)?.n ?? 0), 0),
        enrolled: open.reduce((sum, arm) => sum + arm.units, 0),
      };
    });
}

function balanceOf({ metrics, results, baseline, momentsOf }: ReportFactsInput): BalanceFact[] {
  const arms = [...new Set(results.map(({ arm }) => arm))];
  return metrics
    .filter(({ definition }) => definition.covariateDays !== undefined)
    .flatMap(({ definition }) =>
      arms.flatMap((arm) => {
        const fact = balanceBetween(
          definition,
          arm,
          momentsOf(definition.key, baseline),
          momentsOf(definition.key, arm),
        );
        return fact ? [fact] : [];
      }),
    );
}

/** Welch's z of the covariate, which is exact enough from 100 units an arm on. */
function balanceBetween(
  { title }: MetricDefinition,
  arm: string,
  control: Moments | undefined,
  treatment: Moments | undefined,
): BalanceFact | null {
  if (!control || !treatment || Math.min(control.n, treatment.n) < 100) return null;
  const variance = ({ n, comoment }: Moments): number => comoment[2] / (n - 1) / n;
  const z = (treatment.mean[2] - control.mean[2]) / Math.sqrt(variance(control) + variance(treatment));
  if (!Number.isFinite(z)) return null;
  return {
    metric: title,
    arm,
    units: control.n + treatment.n,
    pValue: Math.min(1, 2 * normalSf(Math.abs(z))),
  };
}
