import { DomainError } from '#experiments';
import { decodeFloats32, encodeFloats32, stateNumber, stateObject, stateText } from '../../codec.js';
import type { Catalogue, TitleModel } from './model.js';
import { dot, dotRow, flatRows, ridgeInverse, ridgeWeights, withConstant } from './ridge.js';
import type { RidgeInverse } from './ridge.js';
import { inverseFrequencies, normalised, normalisedRows } from './table.js';
import type { SparseVector } from './table.js';

export interface RidgeParams {
  /** Strength of the regularisation. */
  readonly attributeRidge: number;
  /** Size of the attribute that every title has. */
  readonly constant: number;
}

/** All titles' normalised attributes with the constant, and the places of the watched ones. */
function regressors(catalogue: Catalogue, constant: number): { watched: number[]; all: SparseVector[] } {
  const { popularity, reader, table } = catalogue;
  const watched = [...popularity.keys()].filter((i) => (popularity[i] as number) > 0);
  const width = table.names.length;
  return { watched, all: normalisedRows(table, reader).map((row) => withConstant(row, width, constant)) };
}

/**
 * A ridge regression per member, from attributes to what they watched among the titles that anybody has watched:
 * (F'F + lambda I) w = F'y. One inverse serves all members. Hoerl, Kennard (1970).
 */
export const ridgeModel: TitleModel<RidgeParams, RidgeInverse> = {
  fit: (_data, catalogue, params, _rng, progress) => {
    const { watched, all } = regressors(catalogue, params.constant);
    const rows = watched.map((i) => all[i] as SparseVector);
    const ridge = ridgeInverse(rows, catalogue.table.names.length + 1, params.attributeRidge);
    progress(1);
    return ridge;
  },
  encode: ({ side, size, inverse }) => ({ side, size, inverse: encodeFloats32(inverse) }),
  decode: (json) => {
    const stored = stateObject(json ?? null);
    const size = stateNumber(stored['size'], 'size');
    const inverse = decodeFloats32(stateText(stored['inverse'], 'inverse'));
    if (inverse.length !== size * size) {
      throw new DomainError('invalid_state', `the inverse is not ${size} by ${size}`, '/model/inverse');
    }
    return { side: stateText(stored['side'], 'side') === 'rows' ? 'rows' : 'attributes', size, inverse };
  },
  compile: (ridge, catalogue, params) => {
    const { table } = catalogue;
    const { watched, all: each } = regressors(catalogue, params.constant);
    const rows = flatRows(watched.map((i) => each[i] as SparseVector));
    const all = flatRows(each);
    const rowOf = new Map(watched.map((i, row) => [i, row]));
    const idf = inverseFrequencies(table);
    const width = table.names.length + 1;
    return (member) => {
      const target = new Map<number, number>();
      for (const [index, weight] of member) {
        const row = rowOf.get(index);
        if (row !== undefined) target.set(row, weight);
      }
      const weights = ridgeWeights(ridge, rows, width, target);
      const mean = (weights[width - 1] as number) * params.constant;
      return (title, index) =>
        index === undefined ? dot(normalised(title, idf), weights) + mean : dotRow(all, index, weights);
    };
  },
};
