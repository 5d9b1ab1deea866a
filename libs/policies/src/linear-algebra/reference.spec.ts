import { describe, expect, it } from '@jest/globals';
import { all, create } from 'mathjs';
import { createRng } from '#experiments';
import { choleskyInPlace, invertCholesky, solveCholesky } from './cholesky.js';
import { symmetricEigen } from './eigen.js';
import { addOuterLower, quadraticForm } from './rank-one.js';

const math = create(all ?? {});
const N = 12;

/** A well-conditioned positive definite matrix, whole and as the lower triangle that our routines read. */
function example(seed: string): { rows: number[][]; flat: Float64Array } {
  const rng = createRng(seed);
  const flat = new Float64Array(N * N);
  for (let i = 0; i < N; i++) flat[i * N + i] = 1;
  for (let k = 0; k < 40; k++)
    addOuterLower(
      flat,
      N,
      Float64Array.from({ length: N }, () => rng.normal()),
      0.5,
    );
  const rows = Array.from({ length: N }, (_, i) =>
    Array.from({ length: N }, (_, j) => flat[Math.max(i, j) * N + Math.min(i, j)] as number),
  );
  return { rows, flat };
}

/** The loops on the hot path against mathjs, which is readable, slow and not ours. */
describe.each(['a', 'b', 'c'])('linear algebra against mathjs, example %s', (seed) => {
  const { rows, flat } = example(seed);
  const rhs = Array.from({ length: N }, (_, i) => Math.sin(i + 1));

  it('solves', () => {
    const factor = Float64Array.from(flat);
    choleskyInPlace(factor, N);
    const got = Float64Array.from(rhs);
    solveCholesky(factor, N, got);
    const wanted = (math.lusolve(rows, rhs) as number[][]).map(([value]) => value as number);
    wanted.forEach((value, i) => expect(got[i]).toBeCloseTo(value, 12));
  });

  it('inverts, and measures with the inverse', () => {
    const factor = Float64Array.from(flat);
    choleskyInPlace(factor, N);
    const got = invertCholesky(factor, N);
    const wanted = math.inv(rows) as number[][];
    for (let i = 0; i < N; i++)
      for (let j = 0; j < N; j++) expect(got[i * N + j]).toBeCloseTo(wanted[i]?.[j] as number, 12);
    const form = rhs.reduce(
      (sum, x, i) => sum + x * rhs.reduce((inner, y, j) => inner + (wanted[i]?.[j] as number) * y, 0),
      0,
    );
    expect(quadraticForm(got, N, Float64Array.from(rhs))).toBeCloseTo(form, 12);
  });

  it('has the determinant as the product of its eigenvalues', () => {
    const { values } = symmetricEigen(flat, N);
    const product = values.reduce((sum, value) => sum * value, 1);
    expect(product / (math.det(rows) as number)).toBeCloseTo(1, 10);
  });
});
