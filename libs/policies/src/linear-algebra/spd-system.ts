import { DomainError } from '#experiments';
import { Kernels } from '../kernels/index.js';
import type { Doubles } from '../kernels/index.js';
import { packedRow } from './packed.js';

/** Dimension for which there is room from the start; more is taken when it is first needed. */
const SMALLEST_ROOM = 32;

interface Room {
  readonly dim: number;
  readonly triangle: Doubles;
  readonly u: Doubles;
  readonly inverse: Doubles;
  readonly x: Doubles;
  readonly panel: Doubles;
}

/**
 * One symmetric positive definite system A + ridge I = U' U at a time, in the memory of the kernels. Its results are
 * copied out; the factor stays until the next system.
 */
export class SpdSystem {
  private readonly kernels = new Kernels();
  private readonly mark = this.kernels.arena.mark();
  private room = this.roomFor(SMALLEST_ROOM);
  private dim = 0;

  /**
   * @param packed lower triangle of A, as addOuterPacked leaves it. @param factor what A is multiplied by.
   * @throws DomainError `not_positive_definite`, also when A holds non-finite numbers.
   */
  factor(packed: Float64Array, dim: number, factor: number, ridge: number): void {
    const { triangle, u, inverse } = this.fit(dim);
    const { engine } = this.kernels;
    triangle.view.set(packed);
    engine.unpackUpper(triangle.at, dim, factor, ridge, u.at, dim);
    const pivot = engine.factorUpper(u.at, dim, dim, inverse.at);
    if (pivot < dim)
      throw new DomainError('not_positive_definite', `pivot ${pivot} of ${dim} is not positive`);
  }

  /** Overwrites `target` by (A + ridge I)^-1 target. */
  solve(target: Float64Array): void {
    const { dim } = this;
    const { u, inverse, x } = this.room;
    const { view } = x;
    for (let i = 0; i < dim; i++) view[i] = target[i] as number;
    this.kernels.engine.solveUpper(u.at, dim, dim, inverse.at, x.at);
    for (let i = 0; i < dim; i++) target[i] = view[i] as number;
  }

  /** W = U^-1 with (A + ridge I)^-1 = W W': row j from its entry j on, entry i at packedColumn(j, dim) + i. */
  root(): Float64Array {
    const { dim } = this;
    const { u, inverse, triangle, panel } = this.room;
    this.kernels.engine.invertUpper(u.at, dim, dim, inverse.at, triangle.at, panel.at);
    return triangle.view.slice(0, packedRow(dim));
  }

  private fit(dim: number): Room {
    if (dim > this.room.dim) this.room = this.roomFor(dim);
    this.dim = dim;
    return this.room;
  }

  private roomFor(dim: number): Room {
    const { arena } = this.kernels;
    arena.release(this.mark);
    return {
      dim,
      triangle: arena.doubles(packedRow(dim)),
      u: arena.doubles(dim * dim),
      inverse: arena.doubles(dim),
      x: arena.doubles(dim),
      panel: arena.doubles(4 * dim),
    };
  }
}
