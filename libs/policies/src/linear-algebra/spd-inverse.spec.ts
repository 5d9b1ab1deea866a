import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { Kernels } from '../kernels/index.js';
import { invertSpd } from './spd-inverse.js';
import { topEigenvectors } from './subspace.js';

/** M M' + I for a random M, so that it is positive definite. */
function positive(n: number): Float64Array {
  const rng = createRng(`positive ${n}`);
  const m = Float64Array.from({ length: n * n }, () => rng.normal());
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = i === j ? 1 : 0;
      for (let k = 0; k < n; k++) sum += (m[i * n + k] as number) * (m[j * n + k] as number);
      a[i * n + j] = sum;
    }
  }
  return a;
}

describe('invertSpd', () => {
  // Below, at and above the size of a block, and a size that no block divides.
  it.each([1, 2, 95, 96, 97, 230])('gives A A^-1 = I for %d rows, from the lower triangle', (n) => {
    const a = positive(n);
    const kernels = new Kernels();
    const block = kernels.arena.copyDoubles(a);
    for (let i = 0; i < n; i++) block.view.fill(Number.NaN, i * n + i + 1, (i + 1) * n);
    const used = kernels.arena.used;
    const shares: number[] = [];
    invertSpd(kernels, block, n, (share) => shares.push(share));
    let worst = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += (a[i * n + k] as number) * (block.view[k * n + j] as number);
        worst = Math.max(worst, Math.abs(sum - (i === j ? 1 : 0)));
      }
    }
    expect(worst).toBeLessThan(1e-9);
    expect(shares.at(-1)).toBe(1);
    expect(kernels.arena.used).toBe(used);
  });

  it('refuses a matrix that is not positive definite', () => {
    const kernels = new Kernels();
    expect(() => invertSpd(kernels, kernels.arena.copyDoubles([1, 0, 2, 1]), 2)).toThrow(/pivot/);
  });
});

describe('topEigenvectors', () => {
  it('finds the largest of a known spectrum, largest first, although neighbours differ by half a percent', () => {
    const n = 300;
    // A diagonal matrix seen through a reflection I - 2 v v' has the eigenvectors e_i - 2 v_i v.
    const rng = createRng('reflection');
    const v = Float64Array.from({ length: n }, () => rng.normal());
    const length = Math.sqrt(v.reduce((sum, value) => sum + value * value, 0));
    v.forEach((value, i) => (v[i] = value / length));
    const values = Float64Array.from({ length: n }, (_, i) => 0.995 ** i);
    const reflect = (x: Float64Array): Float64Array => {
      const along = x.reduce((sum, value, i) => sum + value * (v[i] as number), 0);
      return x.map((value, i) => value - 2 * along * (v[i] as number));
    };
    const { vectors, count } = topEigenvectors(
      new Kernels(),
      n,
      10,
      (block, width, into) => {
        for (let c = 0; c < width; c++) {
          const column = reflect(Float64Array.from({ length: n }, (_, i) => block[i * width + c] as number));
          const image = reflect(column.map((value, i) => value * (values[i] as number)));
          image.forEach((value, i) => (into[i * width + c] = value));
        }
      },
      createRng('start'),
    );
    expect(count).toBe(10);
    for (let c = 0; c < 10; c++) {
      const truth = reflect(Float64Array.from({ length: n }, (_, i) => (i === c ? 1 : 0)));
      const cosine = truth.reduce((sum, value, i) => sum + value * (vectors[i * 10 + c] as number), 0);
      expect(Math.abs(cosine)).toBeGreaterThan(1 - 1e-6);
    }
  });

  it('copes with a matrix of low rank and with more vectors than rows', () => {
    const { vectors, count } = topEigenvectors(
      new Kernels(),
      4,
      9,
      (block, width, into) => {
        into.fill(0);
        for (let c = 0; c < width; c++) into[2 * width + c] = 5 * (block[2 * width + c] as number);
      },
      createRng('low rank'),
    );
    expect(count).toBe(4);
    expect(Math.abs(vectors[2 * 4] as number)).toBeCloseTo(1, 9);
    expect(vectors.every(Number.isFinite)).toBe(true);
  });
});
