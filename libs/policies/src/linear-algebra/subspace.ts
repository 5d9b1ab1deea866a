import type { Rng } from '#experiments';
import { choleskyInPlace } from './cholesky.js';
import { symmetricEigen } from './eigen.js';

/** Further directions that are carried along, so that the last wanted ones settle as well. */
const SPARE = 16;
const ROUNDS = 12;

/**
 * The eigenvectors of the largest eigenvalues of a symmetric positive semidefinite matrix, by subspace iteration from a
 * random start (Halko, Martinsson and Tropp 2011, section 5) with a Rayleigh-Ritz step at the end.
 * @param n rows of the matrix. @param count eigenvectors wanted; at most n are found.
 * @param apply the matrix times a block of `width` columns: n * width doubles, row after row, to a new one.
 * @returns n rows of the eigenvectors' entries, largest eigenvalue first, and how many there are.
 */
export function topEigenvectors(
  n: number,
  count: number,
  apply: (block: Float64Array, width: number) => Float64Array,
  rng: Rng,
): { readonly vectors: Float64Array; readonly count: number } {
  const wanted = Math.min(count, n);
  const width = Math.min(n, wanted + SPARE);
  let block: Float64Array = Float64Array.from({ length: n * width }, () => rng.normal());
  for (let round = 0; round < ROUNDS; round++) {
    orthonormalise(block, n, width);
    block = apply(block, width);
  }
  orthonormalise(block, n, width);
  const small = crossProduct(block, apply(block, width), n, width);
  const { values, vectors } = symmetricEigen(small, width);
  const order = Array.from(values.keys()).sort((a, b) => (values[b] as number) - (values[a] as number));
  const top = new Float64Array(n * wanted);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < wanted; c++) {
      const from = order[c] as number;
      let sum = 0;
      for (let k = 0; k < width; k++) {
        sum += (block[i * width + k] as number) * (vectors[k * width + from] as number);
      }
      top[i * wanted + c] = sum;
    }
  }
  return { vectors: top, count: wanted };
}

/** A'B of two blocks of n rows. */
function crossProduct(a: Float64Array, b: Float64Array, n: number, width: number): Float64Array {
  const product = new Float64Array(width * width);
  for (let i = 0; i < n; i++) {
    const base = i * width;
    for (let r = 0; r < width; r++) {
      const value = a[base + r] as number;
      const row = r * width;
      for (let c = 0; c < width; c++) {
        product[row + c] = (product[row + c] as number) + value * (b[base + c] as number);
      }
    }
  }
  return product;
}

/**
 * Makes the columns orthonormal through the Cholesky factor of their Gram matrix, twice, since once loses half of the
 * digits. A tiny ridge carries blocks of deficient rank.
 */
function orthonormalise(block: Float64Array, n: number, width: number): void {
  for (let pass = 0; pass < 2; pass++) {
    const gram = crossProduct(block, block, n, width);
    let trace = 0;
    for (let c = 0; c < width; c++) trace += gram[c * width + c] as number;
    const ridge = trace > 0 ? 1e-14 * trace : 1;
    for (let c = 0; c < width; c++) gram[c * width + c] = (gram[c * width + c] as number) + ridge;
    choleskyInPlace(gram, width);
    for (let i = 0; i < n; i++) {
      const base = i * width;
      for (let c = 0; c < width; c++) {
        let sum = block[base + c] as number;
        for (let k = 0; k < c; k++) sum -= (gram[c * width + k] as number) * (block[base + k] as number);
        block[base + c] = sum / (gram[c * width + c] as number);
      }
    }
  }
}
