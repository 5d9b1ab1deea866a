import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import { centred, leastSquares } from '../linear/least-squares.js';
import { allFinite, dot, quadraticForm } from '../linear/vectors.js';

const { max, sqrt } = Math;

type Columns = readonly ArrayLike<number>[];

/** Units of the past whose long-term outcome is known. */
export interface HistoricalData {
  /** One array per surrogate (short-term outcome), a value per unit. */
  readonly surrogates: Columns;
  readonly outcome: ArrayLike<number>;
}

/** Units of the experiment, whose long-term outcome is not known yet. */
export interface SurrogateExperiment {
  /** The same surrogates in the same order. */
  readonly surrogates: Columns;
  /** 1 treatment, 0 control. */
  readonly treatment: ArrayLike<number>;
}

export interface SurrogateEffect {
  /** Intercept, then one per surrogate; 0 for one that repeats others. */
  readonly coefficients: Float64Array;
  /** Forecast of the effect on the long-term outcome. */
  readonly estimate: number;
  /** As if the coefficients were known: too small. */
  readonly standardErrorExperimentOnly: number;
  /** With the uncertainty of the coefficients (HC1). */
  readonly standardError: number;
}

/** What a model needs of the surrogates of one arm: means and sums of products of deviations, over its units. */
export interface ArmSurrogates {
  readonly n: number;
  /** One per surrogate. */
  readonly mean: ArrayLike<number>;
  /** In row order, as many rows and columns as surrogates. */
  readonly comoment: Float64Array;
}

/** The relation of the past, ready to forecast any number of experiments. */
export interface SurrogateModel {
  readonly coefficients: Float64Array;
  /** Share of the outcome's variance that the surrogates explain in the past (R squared). */
  readonly explained: number;
  /** Variance (HC1) of b'difference that comes from the estimated coefficients b. */
  modelVariance(difference: ArrayLike<number>): number;
}

/** Means and co-moments of columns over the units that `keep` picks. Large offsets are centred away first. */
function summarise(columns: Columns, keep: (unit: number) => boolean): ArmSurrogates {
  const size = columns.length;
  const units = Array.from(columns[0] ?? [], (_, i) => i).filter(keep);
  const n = units.length;
  const shift = columns.map((column) => (n === 0 ? 0 : (column[units[0] as number] as number)));
  const mean = columns.map((column, j) =>
    units.reduce((sum, i) => sum + ((column[i] as number) - (shift[j] as number)) / n, 0),
  );
  const comoment = new Float64Array(size * size);
  for (const i of units) {
    for (let a = 0; a < size; a++) {
      const x = (columns[a] as ArrayLike<number>)[i] as number;
      const da = x - (shift[a] as number) - (mean[a] as number);
      for (let b = 0; b < size; b++) {
        const y = (columns[b] as ArrayLike<number>)[i] as number;
        const at = a * size + b;
        comoment[at] = (comoment[at] as number) + da * (y - (shift[b] as number) - (mean[b] as number));
      }
    }
  }
  return { n, mean: mean.map((value, j) => value + (shift[j] as number)), comoment };
}

/** Means and co-moments of the surrogates of units. @param surrogates one array per surrogate, equally long. */
export const surrogatesOf = (surrogates: Columns): ArmSurrogates => summarise(surrogates, () => true);

function isConsistent(past: HistoricalData, experiment: SurrogateExperiment): boolean {
  const { treatment } = experiment;
  return (
    past.surrogates.length === experiment.surrogates.length &&
    experiment.surrogates.every((x) => x.length === treatment.length) &&
    Array.from(treatment).every((value) => value === 0 || value === 1)
  );
}

/**
 * Regresses the long-term outcome on the surrogates in historical data. Not computed: `invalid_input` (shapes differ),
 * `not_finite`, `insufficient_units` (no degrees of freedom), `zero_variance` (the outcome is always the same).
 */
export function fitSurrogates(past: HistoricalData): Computed<SurrogateModel> {
  const { surrogates, outcome } = past;
  const n = outcome.length;
  if (!surrogates.every((x) => x.length === n)) return notComputed('invalid_input');
  if (![outcome, ...surrogates].every(allFinite)) return notComputed('not_finite');
  if (n === 0) return notComputed('insufficient_units');
  const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, v) => sum + v, 0) / n;
  const y = centred(outcome);
  const fit = leastSquares([new Float64Array(n).fill(1), ...surrogates.map(centred)], y);
  if (n <= fit.rank) return notComputed('insufficient_units');
  const squares = dot(y, y);
  if (!(squares > 0)) return notComputed('zero_variance');
  const slopes = fit.coefficients.subarray(1);
  return computed({
    coefficients: Float64Array.of(mean(outcome) - dot(slopes, surrogates.map(mean)), ...slopes),
    explained: max(0, 1 - fit.residualSquares / squares),
    modelVariance(difference) {
      const influence = fit.influence([0, ...Array.from(difference)]);
      const model = influence.reduce((sum, l, i) => sum + (l * (fit.residuals[i] as number)) ** 2, 0);
      return (model * n) / (n - fit.rank);
    },
  });
}

/**
 * Forecast of the effect on the long-term outcome from the surrogates of two arms. Not computed: `invalid_input` (not
 * the surrogates of the model), `insufficient_units` (an arm below two units), `zero_variance`, `not_finite`.
 */
export function forecastEffect(
  model: SurrogateModel,
  control: ArmSurrogates,
  treatment: ArmSurrogates,
): Computed<SurrogateEffect> {
  const slopes = model.coefficients.subarray(1);
  const arms = [control, treatment];
  if (arms.some(({ mean }) => mean.length !== slopes.length)) return notComputed('invalid_input');
  if (arms.some(({ n }) => !(n >= 2))) return notComputed('insufficient_units');
  const difference = Float64Array.from(
    slopes,
    (_, j) => (treatment.mean[j] as number) - (control.mean[j] as number),
  );
  const own = arms.reduce(
    (sum, { n, comoment }) => sum + max(0, quadraticForm(comoment, slopes)) / (n - 1) / n,
    0,
  );
  const variance = own + model.modelVariance(difference);
  if (!(variance > 0)) return notComputed('zero_variance');
  return computed({
    coefficients: model.coefficients,
    estimate: dot(slopes, difference),
    standardErrorExperimentOnly: sqrt(own),
    standardError: sqrt(variance),
  });
}

/**
 * Surrogate index (Athey, Chetty, Imbens, Kang 2019): the long-term outcome is regressed on short-term ones in
 * historical data, and the effect on the prediction is the forecast of the long-term effect. It rests on
 * assumptions that the data can't test (the treatment acts through the surrogates alone, and the past relation
 * still holds): show it as a forecast, don't decide on it. Normal theory. Not computed: see `fitSurrogates` and
 * `forecastEffect`.
 */
export function surrogateIndex(
  past: HistoricalData,
  experiment: SurrogateExperiment,
): Computed<SurrogateEffect> {
  if (!isConsistent(past, experiment)) return notComputed('invalid_input');
  const { surrogates, treatment } = experiment;
  if (!surrogates.every(allFinite)) return notComputed('not_finite');
  const model = fitSurrogates(past);
  if (!model.ok) return model;
  const arm = (key: number): ArmSurrogates => summarise(surrogates, (unit) => treatment[unit] === key);
  return forecastEffect(model.value, arm(0), arm(1));
}
