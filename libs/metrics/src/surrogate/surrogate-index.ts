import { computed, notComputed } from '../computed.js';
import type { Computed } from '../computed.js';
import { centred, leastSquares } from '../linear/least-squares.js';
import { allFinite, dot } from '../linear/vectors.js';

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

interface Gap {
  /** Treatment minus control, per surrogate. */
  readonly difference: Float64Array;
  /** Variance of b'difference for coefficients b. */
  variance(b: Float64Array): number;
}

/** Difference of the surrogates' means between the arms; null for fewer than two units in one. */
function armGap({ surrogates, treatment }: SurrogateExperiment): Gap | null {
  const indices = [0, 1].map((arm) =>
    Array.from(treatment, (value, i) => (value === arm ? i : -1)).filter((i) => i >= 0),
  );
  if (indices.some((units) => units.length < 2)) return null;
  const average = (values: ArrayLike<number>, units: readonly number[]): number =>
    units.reduce((sum, i) => sum + (values[i] as number), 0) / units.length;
  const [control = [], treated = []] = indices;
  // Centred first, so that the means of values with a large offset keep their difference.
  const columns = surrogates.map(centred);
  return {
    difference: Float64Array.from(columns, (x) => average(x, treated) - average(x, control)),
    variance(b) {
      const index = new Float64Array(treatment.length);
      columns.forEach((x, j) =>
        x.forEach((value, i) => (index[i] = (index[i] as number) + (b[j] as number) * value)),
      );
      return indices.reduce((sum, units) => {
        const mean = average(index, units);
        const squares = units.reduce((all, i) => all + ((index[i] as number) - mean) ** 2, 0);
        return sum + squares / (units.length - 1) / units.length;
      }, 0);
    },
  };
}

function isConsistent(past: HistoricalData, experiment: SurrogateExperiment): boolean {
  const { treatment } = experiment;
  return (
    past.surrogates.length === experiment.surrogates.length &&
    past.surrogates.every((x) => x.length === past.outcome.length) &&
    experiment.surrogates.every((x) => x.length === treatment.length) &&
    Array.from(treatment).every((value) => value === 0 || value === 1)
  );
}

/**
 * Surrogate index (Athey, Chetty, Imbens, Kang 2019): the long-term outcome is regressed on short-term ones in
 * historical data, and the effect on the prediction is the forecast of the long-term effect. It rests on
 * assumptions that the data can't test (the treatment acts through the surrogates alone, and the past relation
 * still holds): show it as a forecast, don't decide on it. Normal theory. Not computed: `invalid_input` (shapes
 * differ), `not_finite`, `insufficient_units` (an arm below two units, or history without degrees of freedom),
 * `zero_variance`.
 */
export function surrogateIndex(
  past: HistoricalData,
  experiment: SurrogateExperiment,
): Computed<SurrogateEffect> {
  if (!isConsistent(past, experiment)) return notComputed('invalid_input');
  if (![past.outcome, ...past.surrogates, ...experiment.surrogates].every(allFinite)) {
    return notComputed('not_finite');
  }
  const n = past.outcome.length;
  const gap = armGap(experiment);
  if (!gap || n === 0) return notComputed('insufficient_units');
  const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, v) => sum + v, 0) / n;
  const fit = leastSquares(
    [new Float64Array(n).fill(1), ...past.surrogates.map(centred)],
    centred(past.outcome),
  );
  if (n <= fit.rank) return notComputed('insufficient_units');
  const slopes = fit.coefficients.subarray(1);
  const influence = fit.influence([0, ...gap.difference]);
  const model = influence.reduce((sum, l, i) => sum + (l * (fit.residuals[i] as number)) ** 2, 0);
  const own = gap.variance(slopes);
  const variance = own + (model * n) / (n - fit.rank);
  if (!(variance > 0)) return notComputed('zero_variance');
  const intercept = mean(past.outcome) - dot(slopes, past.surrogates.map(mean));
  return computed({
    coefficients: Float64Array.of(intercept, ...slopes),
    estimate: dot(slopes, gap.difference),
    standardErrorExperimentOnly: sqrt(max(0, own)),
    standardError: sqrt(variance),
  });
}
