import { normalQuantile } from '../distributions/index.js';
import { varianceOf, fromValues } from '../moments.js';
import { fitSurrogates, forecastEffect, surrogatesOf } from './surrogate-index.js';
import type { HistoricalData, SurrogateModel } from './surrogate-index.js';

/** An experiment of the past whose units all have their long-term outcome. */
export interface PastExperiment {
  readonly key: string;
  readonly control: HistoricalData;
  readonly treatments: readonly HistoricalData[];
}

/** How forecasts of past experiments, each made without that experiment, compare with what then happened. */
export interface SurrogateRecord {
  /** Experiments and treatment arms that were forecast. */
  readonly experiments: number;
  readonly arms: number;
  /** Arms whose later effect lay within the interval that the forecast gives for it. */
  readonly covered: number;
  /** Arms with a clear later effect (interval without 0), and of those: forecast as clear, in the same direction. */
  readonly clear: number;
  readonly foreseen: number;
  /** Arms forecast as clear whose later effect was not, or was the other way. */
  readonly falseAlarms: number;
}

/** One experiment's units of all arms, or those of several experiments, in one table. */
export function pooled(parts: readonly HistoricalData[]): HistoricalData {
  const width = parts[0]?.surrogates.length ?? 0;
  const join = (arrays: readonly ArrayLike<number>[]): Float64Array => {
    const all = new Float64Array(arrays.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const array of arrays) {
      all.set(array, at);
      at += array.length;
    }
    return all;
  };
  return {
    surrogates: Array.from({ length: width }, (_, j) =>
      join(parts.map(({ surrogates }) => surrogates[j] as ArrayLike<number>)),
    ),
    outcome: join(parts.map(({ outcome }) => outcome)),
  };
}

const armsOf = ({ control, treatments }: PastExperiment): HistoricalData[] => [control, ...treatments];

/** What the surrogates leave of each unit's outcome. */
function residuals(model: SurrogateModel, { surrogates, outcome }: HistoricalData): Float64Array {
  return Float64Array.from(outcome, (y, i) =>
    surrogates.reduce(
      (rest, column, j) => rest - (model.coefficients[j + 1] as number) * (column[i] as number),
      y - (model.coefficients[0] as number),
    ),
  );
}

interface Judged {
  readonly covered: boolean;
  readonly clear: boolean;
  readonly foreseen: boolean;
  readonly alarm: boolean;
}

/** Difference of two means with its variance; the variance of an arm below two units counts as 0. */
function difference(control: Float64Array, treatment: Float64Array): { estimate: number; variance: number } {
  const [c, t] = [fromValues(control), fromValues(treatment)];
  return {
    estimate: t.mean[0] - c.mean[0],
    variance: (varianceOf(c) ?? 0) / c.n + (varianceOf(t) ?? 0) / t.n,
  };
}

function judge(
  model: SurrogateModel,
  control: HistoricalData,
  treatment: HistoricalData,
  z: number,
): Judged | null {
  const [before, after] = [surrogatesOf(control.surrogates), surrogatesOf(treatment.surrogates)];
  const forecast = forecastEffect(model, before, after);
  if (!forecast.ok) return null;
  const actual = difference(Float64Array.from(control.outcome), Float64Array.from(treatment.outcome));
  // Forecast and outcome are of the same units: their difference varies with what the surrogates leave unexplained.
  const rest = difference(residuals(model, control), residuals(model, treatment));
  const gap = Float64Array.from(after.mean, (mean, j) => mean - (before.mean[j] as number));
  const { estimate, standardError } = forecast.value;
  const clear = Math.abs(actual.estimate) > z * Math.sqrt(actual.variance);
  const alarm = Math.abs(estimate) > z * standardError;
  const sameWay = Math.sign(estimate) === Math.sign(actual.estimate);
  return {
    covered: Math.abs(rest.estimate) <= z * Math.sqrt(rest.variance + model.modelVariance(gap)),
    clear,
    foreseen: clear && alarm && sameWay,
    alarm: alarm && !(clear && sameWay),
  };
}

const EMPTY_RECORD: SurrogateRecord = {
  experiments: 0,
  arms: 0,
  covered: 0,
  clear: 0,
  foreseen: 0,
  falseAlarms: 0,
};

/**
 * The record of one experiment, forecast by a model of the others; empty where that is not possible. One step of
 * `validateSurrogates`, for callers that must not be busy for long.
 * @param past all experiments, `left` among them; @param alpha two-sided, of forecasts and effects.
 */
export function recordLeftOut(
  past: readonly PastExperiment[],
  left: PastExperiment,
  alpha: number,
): SurrogateRecord {
  const model = fitSurrogates(pooled(past.filter((other) => other !== left).flatMap(armsOf)));
  if (!model.ok) return EMPTY_RECORD;
  const z = -normalQuantile(alpha / 2);
  const judged = left.treatments.flatMap((arm) => judge(model.value, left.control, arm, z) ?? []);
  const count = (which: (one: Judged) => boolean): number => judged.filter(which).length;
  return {
    experiments: judged.length > 0 ? 1 : 0,
    arms: judged.length,
    covered: count(({ covered }) => covered),
    clear: count(({ clear }) => clear),
    foreseen: count(({ foreseen }) => foreseen),
    falseAlarms: count(({ alarm }) => alarm),
  };
}

/** The record of several experiments together. */
export const addRecords = (records: readonly SurrogateRecord[]): SurrogateRecord =>
  records.reduce(
    (sum, one) => ({
      experiments: sum.experiments + one.experiments,
      arms: sum.arms + one.arms,
      covered: sum.covered + one.covered,
      clear: sum.clear + one.clear,
      foreseen: sum.foreseen + one.foreseen,
      falseAlarms: sum.falseAlarms + one.falseAlarms,
    }),
    EMPTY_RECORD,
  );

/**
 * Leave-one-experiment-out: every experiment of the past is forecast by a model of all others and compared with what
 * happened, as in Zhang et al. 2023 (arXiv 2311.11922), who found recall to be the weak point: effects that come about
 * in other ways than through the surrogates are missed. Arms that cannot be forecast are left out.
 * @param past at least two experiments with the same surrogates; @param alpha two-sided, of forecasts and effects.
 */
export const validateSurrogates = (past: readonly PastExperiment[], alpha: number): SurrogateRecord =>
  addRecords(past.map((left) => recordLeftOut(past, left, alpha)));

/** Every unit of past experiments in one table, to fit the model that forecasts a new one. */
export const historyOf = (past: readonly PastExperiment[]): HistoricalData => pooled(past.flatMap(armsOf));
