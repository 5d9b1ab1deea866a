import { setImmediate } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import {
  addRecords,
  fitSurrogates,
  forecastEffect,
  historyOf,
  normalQuantile,
  recordLeftOut,
} from '#metrics';
import type { PastExperiment, SurrogateEffect, SurrogateModel, SurrogateRecord } from '#metrics';
import { CONFIG } from '../config/config.js';
import type { Config } from '../config/config.js';
import { dayOf } from '../rollups/maturity.js';
import { baselineOf } from './baseline.js';
import { requireOwnAssignment } from './clustered.js';
import { ReportStore } from './report-store.js';
import type { ForecastQuery } from './retention.schemas.js';
import { SIGNALS, SIGNAL_DAYS, SignalStore } from './signal-store.js';
import type { ArmSignals, PastArm } from './signal-store.js';

const DAY_MS = 86_400_000;
/** A record needs an experiment to leave out and one to learn from. */
export const LEAST_EXPERIMENTS = 2;
/** In the control and in another arm of each, and in the arms that are forecast. */
export const LEAST_UNITS = 100;
const MOST_EXPERIMENTS = 10;
const MOST_UNITS_PER_ARM = 5000;
const MOST_UNITS = 20_000;
const MOST_UNITS_FORECAST = 20_000;
/** The past changes by the day; nobody needs it read again for every look. */
const REMEMBER_MS = 10 * 60_000;
const MOST_REMEMBERED = 50;

export interface Forecast {
  readonly experiment: string;
  readonly asOf: string;
  /** The outcome that is forecast: active on this day after first exposure. */
  readonly day: number;
  readonly baseline: string;
  readonly alpha: number;
  readonly label: 'forecast';
  readonly status: 'ok' | 'insufficient-history';
  /** Why there is no forecast, in words. */
  readonly reason: string | null;
  readonly signals: readonly string[];
  readonly signalDays: number;
  readonly history: {
    readonly experiments: number;
    readonly units: number;
    /** Share of the outcome's variance among past units that the signals explain. */
    readonly explained: number | null;
  };
  /** Every past experiment forecast by a model of the others, against what happened. */
  readonly record:
    (SurrogateRecord & { readonly coverage: number | null; readonly recall: number | null }) | null;
  readonly results: readonly ForecastResult[];
}

export interface ForecastResult {
  readonly arm: string;
  /** Units of control and arm whose early days are over (at most 20,000 of an arm are read). */
  readonly control: number;
  readonly treatment: number;
  readonly status: 'ok' | 'undefined';
  readonly reason: string | null;
  /** Difference of shares, with the uncertainty of the past relation. */
  readonly estimate: number | null;
  readonly standardError: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
}

interface Learned {
  readonly experiments: number;
  readonly units: number;
  readonly model: SurrogateModel | null;
  readonly record: SurrogateRecord | null;
}

interface Remembered {
  readonly at: number;
  readonly learned: Promise<Learned>;
}

/**
 * Forecasts of long-term retention from the first days of a running experiment: the surrogate index (Athey et al.
 * 2019) fitted on the units of other experiments whose later day is over. It comes with its record on those
 * experiments and is never part of the verdict.
 */
@Injectable()
export class Forecasts {
  private readonly remembered = new Map<string, Remembered>();

  constructor(
    @Inject(ReportStore) private readonly reports: ReportStore,
    @Inject(SignalStore) private readonly signals: SignalStore,
    @Inject(CONFIG) private readonly config: Pick<Config, 'retentionDays'>,
  ) {}

  /** @throws Problem 404 for an unknown experiment, 400 for a baseline that is no arm of it. */
  async forecast(key: string, query: ForecastQuery, now: Date): Promise<Forecast> {
    const experiment = await this.reports.experiment(key);
    requireOwnAssignment(experiment, 'the forecast');
    const baseline = baselineOf(experiment, query.baseline);
    const [{ experiments, units, model, record }, present] = await Promise.all([
      this.learned(key, query, now),
      this.signals.present(key, lastEntry(now, SIGNAL_DAYS), MOST_UNITS_FORECAST),
    ]);
    const others = experiment.arms.map((arm) => arm.key).filter((arm) => arm !== baseline);
    return {
      experiment: key,
      asOf: now.toISOString(),
      day: query.day,
      baseline,
      alpha: query.alpha,
      label: 'forecast',
      status: model ? 'ok' : 'insufficient-history',
      reason: model ? null : shortage(experiments, query.day),
      signals: SIGNALS.map(({ title }) => title),
      signalDays: SIGNAL_DAYS,
      history: { experiments, units, explained: model?.explained ?? null },
      record: record && {
        ...record,
        coverage: record.arms > 0 ? record.covered / record.arms : null,
        recall: record.clear > 0 ? record.foreseen / record.clear : null,
      },
      results: model
        ? others.map((arm) => resultOf(model, present, { baseline, arm, alpha: query.alpha }))
        : [],
    };
  }

  private learned(key: string, { day, alpha }: ForecastQuery, now: Date): Promise<Learned> {
    const name = JSON.stringify([key, day, alpha]);
    const known = this.remembered.get(name);
    if (known && Math.abs(now.getTime() - known.at) < REMEMBER_MS) return known.learned;
    const learned = this.learn(key, day, alpha, now);
    this.remembered.delete(name);
    this.remembered.set(name, { at: now.getTime(), learned });
    learned.catch(() => this.remembered.delete(name));
    const [oldest] = this.remembered.keys();
    if (this.remembered.size > MOST_REMEMBERED && oldest !== undefined) this.remembered.delete(oldest);
    return learned;
  }

  private async learn(key: string, day: number, alpha: number, now: Date): Promise<Learned> {
    const entered = {
      until: lastEntry(now, day),
      since: new Date(now.getTime() - this.config.retentionDays * DAY_MS),
    };
    const found = await this.signals.pastExperiments(key, entered.until, entered.since, {
      units: LEAST_UNITS,
      most: MOST_EXPERIMENTS,
    });
    if (found.length < LEAST_EXPERIMENTS)
      return { experiments: found.length, units: 0, model: null, record: null };
    // Two arms each, most of the time; more arms share what there is.
    const perArm = Math.min(MOST_UNITS_PER_ARM, Math.floor(MOST_UNITS / (2 * found.length)));
    const arms = await this.signals.past(
      found.map((experiment) => experiment.key),
      day,
      entered,
      perArm,
    );
    const past = pastOf(found, arms);
    const history = historyOf(past);
    const model = fitSurrogates(history);
    return {
      experiments: past.length,
      units: history.outcome.length,
      model: model.ok ? model.value : null,
      record: model.ok ? await recordOf(past, alpha) : null,
    };
  }
}

/** `validateSurrogates`, with a pause after each experiment: this process also serves treatments. */
async function recordOf(past: readonly PastExperiment[], alpha: number): Promise<SurrogateRecord> {
  const records: SurrogateRecord[] = [];
  for (const left of past) {
    records.push(recordLeftOut(past, left, alpha));
    await setImmediate();
  }
  return addRecords(records);
}

/** Last day of entry for which the n-th day after it is over. */
const lastEntry = (now: Date, day: number): string => dayOf(new Date(now.getTime() - (day + 1) * DAY_MS));

/** Arms by experiment; arms that are too small to say anything are left out. */
function pastOf(
  experiments: readonly { readonly key: string; readonly control: string }[],
  arms: readonly PastArm[],
): PastExperiment[] {
  return experiments.flatMap(({ key, control }) => {
    const own = arms.filter((arm) => arm.experiment === key && arm.data.outcome.length >= LEAST_UNITS);
    const before = own.find((arm) => arm.arm === control)?.data;
    const treatments = own.filter((arm) => arm.arm !== control).map(({ data }) => data);
    return before && treatments.length > 0 ? [{ key, control: before, treatments }] : [];
  });
}

function shortage(experiments: number, day: number): string {
  if (experiments >= LEAST_EXPERIMENTS)
    return `Past units were all active on day ${day}, or none was, so there is nothing to learn from.`;
  const have = experiments === 0 ? 'no other experiment has' : 'only one other experiment has';
  return `A forecast needs at least ${LEAST_EXPERIMENTS} other experiments with ${LEAST_UNITS} units in each of two arms whose day ${day} is over; ${have} that.`;
}

function resultOf(
  model: SurrogateModel,
  present: readonly ArmSignals[],
  { baseline, arm, alpha }: { readonly baseline: string; readonly arm: string; readonly alpha: number },
): ForecastResult {
  const empty = { n: 0, mean: [], comoment: new Float64Array() };
  const [control, treatment] = [baseline, arm].map(
    (name) => present.find((signals) => signals.arm === name) ?? empty,
  ) as [ArmSignals, ArmSignals];
  const sizes = { arm, control: control.n, treatment: treatment.n };
  const refused = (reason: string): ForecastResult => ({
    ...sizes,
    status: 'undefined',
    reason,
    estimate: null,
    standardError: null,
    lower: null,
    upper: null,
  });
  if (Math.min(control.n, treatment.n) < LEAST_UNITS) return refused('insufficient_units');
  const result = forecastEffect(model, control, treatment);
  return result.ok ? { ...sizes, ...intervalOf(result.value, alpha) } : refused(result.reason);
}

function intervalOf({ estimate, standardError }: SurrogateEffect, alpha: number) {
  const half = -normalQuantile(alpha / 2) * standardError;
  return {
    status: 'ok' as const,
    reason: null,
    estimate,
    standardError,
    lower: estimate - half,
    upper: estimate + half,
  };
}
