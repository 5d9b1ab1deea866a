import { withKernels } from '../kernels/index.js';

/** The inner products of all pairs of rows: m * m doubles from m rows of k, both row after row. */
export function rowProducts(rows: Float64Array, m: number, k: number): Float64Array {
  return withKernels((kernels) => {
    const a = kernels.arena.copyDoubles(rows);
    const c = kernels.arena.doubles(m * m);
    kernels.product(c, a, a, { m, n: m, k, turnB: true });
    return c.view.slice();
  });
}
