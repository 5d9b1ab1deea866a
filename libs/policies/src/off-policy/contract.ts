import type { Keyed, ParamsSchema } from '#experiments';

/** Logged decisions in columns; row i is one decision whose reward is known. */
export interface LoggedRows {
  /** Number of actions K; they are numbered 0 to K - 1. */
  readonly actions: number;
  /** The action that was served, one per row. */
  readonly action: Uint32Array;
  /** Probability with which it was served, in (0, 1]. */
  readonly propensity: Float64Array;
  readonly reward: Float64Array;
  /** Number of the unit (0, 1, 2...) that each row belongs to. Absent: every row is a unit of its own. */
  readonly unit?: Uint32Array;
  /** The whole logged distribution, rows * K; with it support is known, without it only guessed. */
  readonly behaviour?: Float64Array;
  /** Numeric features, rows * width, for reward models. */
  readonly context?: { readonly width: number; readonly values: Float64Array };
  /** A class of rows with its own level of reward, e.g. the position on a page; numbered 0 to count - 1. */
  readonly stratum?: { readonly count: number; readonly of: Uint32Array };
  /** 1 where a slice that explores on purpose chose: not what the log earns by itself. Absent: nowhere. */
  readonly explored?: Uint8Array;
  /** 1 where something happened, 0 where the reward is that of no outcome. Absent: where the reward is not 0. */
  readonly rewarded?: Uint8Array;
}

/** What a reward model says of every row. */
export interface ModelValues {
  /** q(x_i, a_i): expected reward of the action that was served. */
  readonly predicted: Float64Array;
  /** sum_a pi(a | x_i) q(x_i, a): expected reward under the target. */
  readonly expected: Float64Array;
}

/** What estimators work on. */
export interface Evidence {
  readonly rows: LoggedRows;
  readonly n: number;
  /** The candidate's distribution, rows * K. */
  readonly target: Float64Array;
  /** w_i = pi(a_i | x_i) / p_i. */
  readonly weight: Float64Array;
  /** The cross-fitted reward model; `rowWeight` says how much each row counts in the fit. */
  model(rowWeight?: Float64Array): ModelValues;
}

/** The largest weight and the least and largest reward that are possible. */
export interface TermBounds {
  readonly largestWeight: number;
  readonly low: number;
  readonly high: number;
}

/**
 * An estimate as a smooth function of column means. Standard errors (delta method), bootstrap and bounds all follow
 * from that, so an estimator states its formula and nothing else.
 */
export interface Terms {
  /** One number per row in each. */
  readonly columns: readonly Float64Array[];
  /** The estimate, given the mean of every column; not finite where it is undefined. */
  value(means: Float64Array): number;
  /** Its derivative by the mean of each column. Absent: the estimate is the mean of the one column. */
  slope?(means: Float64Array): Float64Array;
  /** `model` where the spread of the rows says nothing of the error that matters. */
  readonly uncertainty: 'sampling' | 'model';
  /** Width of the range that one row's term can have; absent where no bound on the mean follows. */
  range?(bounds: TermBounds): number;
  /** Numbers worth showing beside the estimate: a tuned parameter, clipped mass, rows kept. */
  readonly details?: Readonly<Record<string, number>>;
}

export interface OffPolicyEstimator<P = unknown> extends Keyed {
  readonly title: string;
  readonly summary: string;
  readonly reference: string;
  readonly params: ParamsSchema<P>;
  estimate(evidence: Evidence, params: P): Terms;
}

/** Fills `into` with the expected reward of every action for a row. */
export type RowPrediction = (row: number, into: Float64Array) => void;

export interface RewardModel<P = unknown> extends Keyed {
  readonly title: string;
  readonly summary: string;
  readonly params: ParamsSchema<P>;
  /**
   * Fits on the given rows.
   * @param rowWeight how much each row of the log counts; absent: all the same.
   * @throws DomainError `invalid_model` where the log does not suit the model.
   */
  fit(rows: LoggedRows, training: Uint32Array, rowWeight: Float64Array | undefined, params: P): RowPrediction;
}

export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/** The estimate that is the mean of one column. */
export function meanTerms(
  column: Float64Array,
  more: { readonly range?: Terms['range']; readonly details?: Terms['details'] } = {},
): Terms {
  return {
    columns: [column],
    value: (means) => means[0] as number,
    uncertainty: 'sampling',
    ...(more.range ? { range: more.range } : {}),
    ...(more.details ? { details: more.details } : {}),
  };
}

/** The estimate sum(numerator) / sum(denominator). */
export function ratioTerms(
  numerator: Float64Array,
  denominator: Float64Array,
  details?: Terms['details'],
): Terms {
  return {
    columns: [numerator, denominator],
    value: (means) => (means[0] as number) / (means[1] as number),
    slope: (means) => {
      const down = means[1] as number;
      return Float64Array.of(1 / down, -(means[0] as number) / (down * down));
    },
    uncertainty: 'sampling',
    ...(details ? { details } : {}),
  };
}

/** One number per row. */
export function column(evidence: Pick<Evidence, 'n'>, of: (row: number) => number): Float64Array {
  const values = new Float64Array(evidence.n);
  for (let i = 0; i < values.length; i++) values[i] = of(i);
  return values;
}
