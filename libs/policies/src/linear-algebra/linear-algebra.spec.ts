import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { choleskyInPlace, invertCholesky, solveCholesky } from './cholesky.js';
import { symmetricEigen } from './eigen.js';
import { addFourOuterPacked, addOuterPacked, packedColumn, packedRow } from './packed.js';
import { addOuterLower, quadraticForm } from './rank-one.js';
import { SpdSystem } from './spd-system.js';

/** ridge I + a sum of random outer products, lower triangle filled. */
function positiveDefinite(n: number, seed: string): Float64Array {
  const rng = createRng(seed);
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) a[i * n + i] = 0.5;
  for (let r = 0; r < n; r++)
    addOuterLower(
      a,
      n,
      Float64Array.from({ length: n }, () => rng.normal()),
      1 + r / n,
    );
  return a;
}

/** (A x)_i with A given by its lower triangle. */
function times(a: Float64Array, n: number, x: Float64Array): Float64Array {
  const at = (i: number, j: number): number => a[Math.max(i, j) * n + Math.min(i, j)] as number;
  return x.map((_, i) => x.reduce((sum, value, j) => sum + at(i, j) * value, 0));
}

describe.each([1, 2, 4, 5, 7, 8, 13, 64])('Cholesky of order %d', (n) => {
  const a = positiveDefinite(n, `order ${n}`);
  const l = a.slice();
  choleskyInPlace(l, n);
  const rng = createRng('rhs');
  const x = Float64Array.from({ length: n }, () => rng.normal());

  it('solves', () => {
    const rhs = times(a, n, x);
    solveCholesky(l, n, rhs);
    rhs.forEach((value, i) => expect(value).toBeCloseTo(x[i] as number, 8));
  });

  it('inverts', () => {
    const inverse = invertCholesky(l, n);
    const product = times(inverse, n, times(a, n, x));
    product.forEach((value, i) => expect(value).toBeCloseTo(x[i] as number, 8));
    const direct = times(inverse, n, x).reduce((sum, value, i) => sum + value * (x[i] as number), 0);
    expect(quadraticForm(inverse, n, x)).toBeCloseTo(direct, 10);
  });
});

describe.each([1, 2, 3, 4, 5, 8, 13, 21, 70])('the system of order %d in the memory of the kernels', (n) => {
  const system = new SpdSystem();
  const whole = positiveDefinite(n, `system ${n}`);
  const packed = Float64Array.from(
    Array.from({ length: n }, (_, i) => [...whole.subarray(i * n, i * n + i + 1)]).flat(),
  );
  const rng = createRng('rhs');
  const x = Float64Array.from({ length: n }, () => rng.normal());
  const [factor, ridge] = [0.7, 0.25];
  const rhs = times(whole, n, x).map((value, i) => factor * value + ridge * (x[i] as number));

  it('solves, as often as it is asked', () => {
    system.factor(packed, n, factor, ridge);
    for (const scale of [1, -3]) {
      const target = rhs.map((value) => scale * value);
      system.solve(target);
      target.forEach((value, i) => expect(value).toBeCloseTo(scale * (x[i] as number), 8));
    }
  });

  it('gives a root of the inverse', () => {
    system.factor(packed, n, factor, ridge);
    const w = system.root();
    const at = (i: number, j: number): number => (j < i ? 0 : (w[packedColumn(i, n) + j] as number));
    const down = Array.from({ length: n }, (_, j) => rhs.reduce((sum, v, i) => sum + at(i, j) * v, 0));
    x.forEach((value, i) => expect(down.reduce((sum, v, j) => sum + at(i, j) * v, 0)).toBeCloseTo(value, 8));
  });
});

describe.each([1, 2, 5, 24])('eigen decomposition of order %d', (n) => {
  it('has orthonormal vectors that the matrix only stretches', () => {
    const a = positiveDefinite(n, `eigen ${n}`);
    const { values, vectors } = symmetricEigen(a, n);
    const column = (k: number): Float64Array =>
      Float64Array.from({ length: n }, (_, i) => vectors[i * n + k] as number);
    for (let k = 0; k < n; k++) {
      const v = column(k);
      times(a, n, v).forEach((value, i) =>
        expect(value).toBeCloseTo((values[k] as number) * (v[i] as number), 9),
      );
      for (let other = 0; other <= k; other++) {
        const product = column(other).reduce((sum, value, i) => sum + value * (v[i] as number), 0);
        expect(product).toBeCloseTo(other === k ? 1 : 0, 11);
      }
    }
  });
});

describe.each([1, 3, 21])('packed triangles of order %d', (n) => {
  const rng = createRng(`packed ${n}`);
  // With zeros, which are skipped.
  const vector = (): Float64Array =>
    Float64Array.from({ length: n }, () => (rng.uniform() < 0.3 ? 0 : rng.normal()));
  const rows = [vector(), vector(), vector(), vector()];
  const weights = [1, 0.3, 1e-9, 1e6];
  const oneByOne = new Float64Array(packedRow(n));
  rows.forEach((x, r) => addOuterPacked(oneByOne, n, x, weights[r] as number));

  it('hold the sum of outer products', () => {
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) {
        const terms = rows.map((x, r) => (weights[r] as number) * (x[i] as number) * (x[j] as number));
        const size = terms.reduce((sum, term) => sum + Math.abs(term), 0);
        const sum = terms.reduce((total, term) => total + term, 0);
        expect(Math.abs((oneByOne[packedRow(i) + j] as number) - sum)).toBeLessThanOrEqual(
          4 * Number.EPSILON * size,
        );
      }
  });

  it('are the same bits when four products are added at once', () => {
    const atOnce = new Float64Array(packedRow(n));
    addFourOuterPacked(atOnce, n, rows, weights);
    expect(atOnce).toEqual(oneByOne);
  });
});

describe('what is not positive definite', () => {
  it.each([
    ['indefinite', [1, 0, 2, 1]],
    ['zero', [0, 0, 0, 0]],
    ['not a number', [Number.NaN, 0, 0, 1]],
  ])('%s is refused', (_name, values) => {
    const refusal = expect.objectContaining({ code: 'not_positive_definite' });
    expect(() => choleskyInPlace(Float64Array.from(values), 2)).toThrow(refusal);
    const [a, , b, c] = values as [number, number, number, number];
    expect(() => new SpdSystem().factor(Float64Array.of(a, b, c), 2, 1, 0)).toThrow(refusal);
  });
});
