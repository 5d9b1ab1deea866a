import { DomainError } from '#experiments';
import { decodeFloats32, encodeFloats32, stateNumber, stateObject, stateText } from '../../codec.js';
import type { TrainingSet } from '../../contract.js';
import { segmentProduct } from '../../linear-algebra/cholesky.js';
import { alternatingLeastSquares, gramOf, RowSolver, sparseRows, transposeRows } from '../als-solver.js';
import type { AlsWeights, SparseRows } from '../als-solver.js';
import { dot, flatRows, ridgeInverse, ridgeWeights, withConstant } from '../titles/ridge.js';
import { inverseFrequencies, normalised } from '../titles/table.js';
import type { SparseVector, TitleTable } from '../titles/table.js';
import type { TitleModel } from '../titles/model.js';

export interface FactorParams {
  readonly dimension: number;
  readonly iterations: number;
  readonly unobserved: number;
  readonly regularisation: number;
  readonly ridge: number;
}

export interface FactorState {
  readonly dimension: number;
  /** One row of factors per title; those of titles nobody has watched are not used. */
  readonly factors: Float32Array;
  /** Of each title, 1 if somebody has watched it. */
  readonly watched: Float32Array;
  /** `dimension` lines of one weight per attribute and one for the constant. */
  readonly weights: Float32Array;
}

const alsWeights = ({ unobserved, regularisation }: FactorParams): AlsWeights => ({
  unobserved,
  regularisation,
  frequency: 1,
});

/** The watched titles in the order of the table, and the pairs over them alone. */
function watchedPairs(data: TrainingSet): { titles: number[]; byUnit: SparseRows } {
  const place = new Map<number, number>();
  const titles = [...new Set(data.item)].sort((a, b) => a - b);
  titles.forEach((title, row) => place.set(title, row));
  const item = data.item.map((title) => place.get(title) as number);
  const byUnit = sparseRows(data.units.length, data.unit, item, new Float64Array(item.length).fill(1));
  byUnit.weights.fill(1);
  return { titles, byUnit };
}

/** Rows of attributes with the constant 1. */
function regressor(table: TitleTable, idf: Float64Array, title: SparseVector): SparseVector {
  return withConstant(normalised(title, idf), table.names.length, 1);
}

/** One line of attribute weights per factor, by ridge over the watched titles. */
function predictors(
  rows: readonly SparseVector[],
  factors: Float64Array,
  width: number,
  { dimension, ridge }: FactorParams,
): Float32Array {
  const inverse = ridgeInverse(rows, width, ridge);
  const weights = new Float32Array(dimension * width);
  const flat = flatRows(rows);
  for (let j = 0; j < dimension; j++) {
    const target = new Map(rows.map((_, row) => [row, factors[row * dimension + j] as number]));
    weights.set(ridgeWeights(inverse, flat, width, target), j * width);
  }
  return weights;
}

/**
 * What a member thinks of attributes, by the lines of weights and the member's factors. Only new titles need it, and only
 * of the attributes that they have, so it is worked out when it is asked for.
 */
class Taste {
  /** One row of `dimension` per attribute. */
  private readonly weights: Float64Array;
  private readonly values: Float64Array;
  /** Of each attribute, for which member its value is; members are counted. */
  private readonly member: Float64Array;
  private members = 0;

  constructor(
    lines: Float32Array,
    private readonly width: number,
    private readonly own: Float64Array,
  ) {
    this.weights = new Float64Array(lines.length);
    for (let j = 0; j < own.length; j++)
      for (let c = 0; c < width; c++) this.weights[c * own.length + j] = lines[j * width + c] as number;
    this.values = new Float64Array(width);
    this.member = new Float64Array(width);
  }

  /** To be called when the member's factors have changed. */
  forget(): void {
    this.members++;
  }

  /** @returns `width` values, right for these attributes. */
  of({ columns }: SparseVector): Float64Array {
    const { members, own, values, weights } = this;
    for (const c of columns) {
      if (this.member[c] === members) continue;
      let sum = 0;
      for (let j = 0; j < own.length; j++)
        sum += (own[j] as number) * (weights[c * own.length + j] as number);
      values[c] = sum;
      this.member[c] = members;
    }
    return values;
  }
}

/**
 * Latent factors of the watched titles by iALS, and a ridge from a title's attributes to its factors, so that a title
 * that nobody has watched gets factors as well. Gantner et al. (2010), Learning attribute-to-feature mappings for
 * cold-start recommendations.
 */
export const factorModel: TitleModel<FactorParams, FactorState> = {
  fit: (data, { table, reader }, params, rng, progress, checkpoints) => {
    const { titles, byUnit } = watchedPairs(data);
    const { dimension, iterations } = params;
    const byItem = transposeRows(byUnit, titles.length);
    const own = alternatingLeastSquares(
      byUnit,
      byItem,
      dimension,
      iterations,
      alsWeights(params),
      rng,
      (share) => progress(0.8 * share),
      checkpoints ? { checkpoints } : {},
    );
    const idf = inverseFrequencies(table);
    const rows = titles.map((title) => regressor(table, idf, reader.known(title)));
    const factors = new Float32Array(table.items.length * dimension);
    const watched = new Float32Array(table.items.length);
    titles.forEach((title, row) => {
      watched[title] = 1;
      factors.set(own.subarray(row * dimension, (row + 1) * dimension), title * dimension);
    });
    const weights = predictors(rows, own, table.names.length + 1, params);
    progress(1);
    return { dimension, factors, watched, weights };
  },
  encode: ({ dimension, factors, watched, weights }) => ({
    dimension,
    factors: encodeFloats32(factors),
    watched: encodeFloats32(watched),
    weights: encodeFloats32(weights),
  }),
  decode: (json, { table }) => {
    const stored = stateObject(json ?? null);
    const dimension = stateNumber(stored['dimension'], 'dimension');
    const floats = (field: string) => decodeFloats32(stateText(stored[field], field));
    const state = {
      dimension,
      factors: floats('factors'),
      watched: floats('watched'),
      weights: floats('weights'),
    };
    const fits =
      state.factors.length === table.items.length * dimension &&
      state.watched.length === table.items.length &&
      state.weights.length === (table.names.length + 1) * dimension;
    if (!fits) throw new DomainError('invalid_state', 'the factors do not fit the titles', '/factors');
    return state;
  },
  compile: (state, { table }, params) => {
    const { dimension, watched } = state;
    const idf = inverseFrequencies(table);
    const factors = Float64Array.from(state.factors);
    const fixed = watched.reduce((sum, is) => sum + is, 0);
    const gram = gramOf(factors, table.items.length, dimension);
    const solver = new RowSolver(dimension, alsWeights(params), fixed);
    const own = new Float64Array(dimension);
    const taste = new Taste(state.weights, table.names.length + 1, own);
    return (member) => {
      const liked = [...member].filter(([title, weight]) => weight > 0 && watched[title] === 1);
      const [titles, confidences] = [liked.map(([title]) => title), liked.map(([, weight]) => weight)];
      solver.solve(factors, gram, Uint32Array.from(titles), Float64Array.from(confidences), own);
      taste.forget();
      return (title, index) => {
        if (index !== undefined && watched[index] === 1)
          return segmentProduct(own, 0, factors, index * dimension, dimension);
        const row = regressor(table, idf, title);
        return dot(row, taste.of(row));
      };
    };
  },
};
