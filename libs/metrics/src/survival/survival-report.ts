import { coxRegression } from './cox.js';
import type { CoxResult } from './cox.js';
import { restrictedMean, restrictedMeanDifference } from './arm-differences.js';
import type { RestrictedMeanResult } from './arm-differences.js';
import { kaplanMeier, medianSurvival, survivalAt, survivalInterval } from './kaplan-meier.js';
import { logRankTest } from './log-rank.js';
import type { LogRankResult } from './log-rank.js';
import { proportionalityCheck } from './proportionality.js';
import type { Proportionality } from './proportionality.js';
import type { FollowUp } from './risk-table.js';
import { supportedTime } from './supported-time.js';
import { undefinedBecause } from '../inference/outcome.js';
import type { Outcome } from '../inference/outcome.js';

/** A restricted mean is given up to the last day on which every arm still has this many units at risk. */
export const LEAST_AT_RISK = 10;

/** Units of one arm whose follow-up ended on the same day: with the event, or without. */
export interface ArmFollowUp {
  readonly arm: string;
  /** Whole days since first exposure; censored units are counted on the last day that they were followed through. */
  readonly day: number;
  readonly events: number;
  readonly censored: number;
}

export interface SurvivalDay {
  readonly day: number;
  readonly atRisk: number;
  readonly events: number;
  readonly censored: number;
  readonly survival: number;
  /** Log-log bounds; null where the curve is still 1 or has come down to 0. */
  readonly lower: number | null;
  readonly upper: number | null;
}

export interface ArmSurvival {
  readonly arm: string;
  readonly units: number;
  readonly events: number;
  readonly median: {
    readonly median: number | null;
    readonly lower: number | null;
    readonly upper: number | null;
  };
  /** Mean days without the event during the first `tau`; null without a tau. */
  readonly restrictedMean: { readonly mean: number; readonly standardError: number } | null;
  /** Day 0 to the last day on which a unit of the arm was followed. */
  readonly days: readonly SurvivalDay[];
}

export interface ArmComparison {
  readonly arm: string;
  readonly restrictedMean: Outcome<RestrictedMeanResult>;
  readonly logRank: Outcome<LogRankResult>;
  readonly cox: Outcome<CoxResult>;
  readonly proportionality: Outcome<Proportionality>;
}

export interface SurvivalReport {
  /** Days over which restricted means are taken; null: no day is supported by every arm. */
  readonly tau: number | null;
  readonly arms: readonly ArmSurvival[];
  /** All arms together; the arms against the control are in `comparisons`. */
  readonly logRank: Outcome<LogRankResult>;
  readonly comparisons: readonly ArmComparison[];
}

export interface SurvivalReportOptions {
  /** Keys of all arms, in the order in which they are reported. */
  readonly arms: readonly string[];
  readonly control: string;
  readonly alpha: number;
  /** Horizon of the restricted means; absent: the largest day that every arm supports. */
  readonly tau?: number | undefined;
}

interface Entries {
  readonly follow: FollowUp;
  /** Position of each entry's arm in the options. */
  readonly group: readonly number[];
}

/** The rows of some arms as follow-up with counts. */
function entriesOf(rows: readonly ArmFollowUp[], arms: readonly string[]): Entries {
  const own = rows.filter((row) => arms.includes(row.arm));
  const both = own.flatMap(({ arm, day, events, censored }) => [
    { day, event: 1, count: events, arm },
    { day, event: 0, count: censored, arm },
  ]);
  const entries = both.filter(({ count }) => count > 0);
  return {
    follow: {
      time: entries.map(({ day }) => day),
      event: entries.map(({ event }) => event),
      count: entries.map(({ count }) => count),
    },
    group: entries.map(({ arm }) => arms.indexOf(arm)),
  };
}

function armSurvival(
  rows: readonly ArmFollowUp[],
  arm: string,
  tau: number | null,
  alpha: number,
): ArmSurvival {
  const result = kaplanMeier(entriesOf(rows, [arm]).follow);
  if (result.status !== 'ok') {
    const median = { median: null, lower: null, upper: null };
    return { arm, units: 0, events: 0, median, restrictedMean: null, days: [] };
  }
  const { curve } = result;
  const byDay = new Map(rows.filter((row) => row.arm === arm).map((row) => [row.day, row]));
  let atRisk = curve.units;
  const days = Array.from({ length: curve.lastTime + 1 }, (_, day): SurvivalDay => {
    const { events = 0, censored = 0 } = byDay.get(day) ?? {};
    const point = survivalAt(curve, day);
    const [lower, upper] = survivalInterval(point, alpha, 'log-log');
    const row = { day, atRisk, events, censored, survival: point.survival, lower, upper };
    atRisk -= events + censored;
    return row;
  });
  const mean = tau === null || tau > curve.lastTime ? null : restrictedMean(curve, tau);
  return {
    arm,
    units: curve.units,
    events: curve.events.reduce((a, b) => a + b, 0),
    median: medianSurvival(curve, alpha),
    restrictedMean: mean && { mean: mean.value, standardError: Math.sqrt(mean.variance) },
    days,
  };
}

/** The largest day on which every arm has LEAST_AT_RISK units at risk; null where an arm never has, or on day 0. */
export function supportedDay(rows: readonly ArmFollowUp[], arms: readonly string[]): number | null {
  const days = arms.map((arm) => supportedTime(entriesOf(rows, [arm]).follow, LEAST_AT_RISK) ?? 0);
  const day = days.length === 0 ? 0 : Math.min(...days);
  return day > 0 ? day : null;
}

/**
 * Time to an event in every arm, and every arm against the control: Kaplan-Meier curves with Greenwood's log-log
 * bounds, restricted means and their difference, which need no proportional hazards and are the summary to read first,
 * the log-rank test, and Cox's hazard ratio with a check of what it assumes. Methods and references: see the
 * functions it calls. Everything is for one look at the end of the experiment; nothing here is valid under peeking.
 * @param rows at most one per arm and day; whole days from 0 on, whole counts. Never throws.
 */
export function survivalReport(rows: readonly ArmFollowUp[], options: SurvivalReportOptions): SurvivalReport {
  const { arms, control, alpha } = options;
  const tau = options.tau ?? supportedDay(rows, arms);
  const all = entriesOf(rows, arms);
  return {
    tau,
    arms: arms.map((arm) => armSurvival(rows, arm, tau, alpha)),
    logRank: logRankTest(all.follow, all.group),
    comparisons: arms
      .filter((arm) => arm !== control)
      .map((arm) => {
        const { follow, group } = entriesOf(rows, [control, arm]);
        return {
          arm,
          restrictedMean:
            tau === null
              ? undefinedBecause('insufficient_follow_up')
              : restrictedMeanDifference(follow, group, tau, alpha),
          logRank: logRankTest(follow, group),
          cox: coxRegression(follow, group, { alpha }),
          proportionality: proportionalityCheck(follow, group, alpha),
        };
      }),
  };
}
