import { DomainError } from '#experiments';
import type { Engine } from './engine.js';

const PAGE = 65_536;
/** Blocks begin at whole vectors. */
const ALIGNMENT = 16;
const DEFAULT_LIMIT = 2 * 1024 ** 3;

interface Elements {
  readonly BYTES_PER_ELEMENT: number;
  readonly buffer: ArrayBufferLike;
}

/**
 * A piece of the arena's memory. `at` is its byte address, for the engine. `view` is valid until the arena grows: take
 * it again after allocating, do not keep it.
 */
export class Block<T extends Elements> {
  private seen: T | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly make: (buffer: ArrayBuffer, at: number, length: number) => T,
    readonly at: number,
    readonly length: number,
    readonly size: number,
  ) {}

  get view(): T {
    const { buffer } = this.engine.memory;
    if (this.seen === undefined || this.seen.buffer !== buffer)
      this.seen = this.make(buffer, this.at, this.length);
    return this.seen;
  }

  /** A block on the elements from .. from + length of this one. @throws RangeError outside of it. */
  part(from: number, length: number): Block<T> {
    if (from < 0 || length < 0 || from + length > this.length)
      throw new RangeError(`elements ${from} to ${from + length} of a block of ${this.length}`);
    return new Block(this.engine, this.make, this.at + from * this.size, length, this.size);
  }
}

export type Floats = Block<Float32Array>;
export type Doubles = Block<Float64Array>;
export type Ints = Block<Int32Array>;

const float32 = (buffer: ArrayBuffer, at: number, length: number) => new Float32Array(buffer, at, length);
const float64 = (buffer: ArrayBuffer, at: number, length: number) => new Float64Array(buffer, at, length);
const int32 = (buffer: ArrayBuffer, at: number, length: number) => new Int32Array(buffer, at, length);

/**
 * Hands out memory of one engine, first to last; `release` gives back all that was taken since a `mark`. Blocks hold zeros
 * when they are new. The memory is freed with the arena itself.
 */
export class Arena {
  private next: number;

  /** @param limit bytes; taking more throws DomainError `out_of_memory` instead of disturbing the machine. */
  constructor(
    readonly engine: Engine,
    readonly limit: number = DEFAULT_LIMIT,
  ) {
    this.next = align(engine.base());
  }

  /** Bytes taken so far, the engine's own included. */
  get used(): number {
    return this.next;
  }

  floats(length: number): Floats {
    return new Block(this.engine, float32, this.take(length, 4), length, 4);
  }

  doubles(length: number): Doubles {
    return new Block(this.engine, float64, this.take(length, 8), length, 8);
  }

  ints(length: number): Ints {
    return new Block(this.engine, int32, this.take(length, 4), length, 4);
  }

  /** A block with a copy of `values`. */
  copyFloats(values: ArrayLike<number>): Floats {
    const block = this.floats(values.length);
    block.view.set(values);
    return block;
  }

  copyDoubles(values: ArrayLike<number>): Doubles {
    const block = this.doubles(values.length);
    block.view.set(values);
    return block;
  }

  copyInts(values: ArrayLike<number>): Ints {
    const block = this.ints(values.length);
    block.view.set(values);
    return block;
  }

  mark(): number {
    return this.next;
  }

  /** Gives back what was taken since the mark; those blocks must not be used any more. */
  release(mark: number): void {
    this.next = mark;
  }

  private take(length: number, size: number): number {
    const at = this.next;
    const end = align(at + length * size);
    if (end > this.limit) {
      throw new DomainError(
        'out_of_memory',
        `the model needs more than the ${Math.round(this.limit / 1024 ** 2)} MB that it may use`,
      );
    }
    const missing = end - this.engine.memory.buffer.byteLength;
    if (missing > 0) this.engine.memory.grow(Math.ceil(missing / PAGE));
    new Uint8Array(this.engine.memory.buffer, at, end - at).fill(0);
    this.next = end;
    return at;
  }
}

function align(address: number): number {
  return Math.ceil(address / ALIGNMENT) * ALIGNMENT;
}
