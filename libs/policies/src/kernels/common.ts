import { Kernels } from './kernels.js';

let common: Kernels | undefined;

/** One instance for computations that end before anything else begins: what is taken of its arena is given back. */
export function withKernels<T>(compute: (kernels: Kernels) => T): T {
  common ??= new Kernels();
  const mark = common.arena.mark();
  try {
    return compute(common);
  } finally {
    common.arena.release(mark);
  }
}
