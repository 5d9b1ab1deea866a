import { KERNEL_BYTES } from './bytes.gen.js';

/** Activation functions by their number in the kernel module. */
export const ACTIVATIONS = { exp: 0, sigmoid: 1, tanh: 2, relu: 3, gelu: 4 } as const;
export type Activation = keyof typeof ACTIVATIONS;

/**
 * The functions of assembly/*.as, on byte addresses in `memory`. Matrices are row-major; `n` is the length of a row;
 * booleans travel as 0 and 1. What each does is said there and, with types, in kernels.ts.
 */
export interface Engine {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  base(): number;
  gemm32(...addressesAndSizes: number[]): void;
  gemm64(...addressesAndSizes: number[]): void;
  unpackUpper(packed: number, n: number, factor: number, ridge: number, u: number, ld: number): void;
  factorUpper(u: number, n: number, ld: number, inverse: number): number;
  solveUpper(u: number, n: number, ld: number, inverse: number, x: number): void;
  invertUpper(u: number, n: number, ld: number, inverse: number, w: number, panel: number): void;
  addRows(u: number, n: number, rows: number, weight: number, count: number, x: number): void;
  activate(kind: number, x: number, y: number, n: number): void;
  activateBackward(kind: number, v: number, dy: number, dx: number, n: number): void;
  axpy(alpha: number, x: number, y: number, n: number): void;
  multiply(alpha: number, a: number, b: number, y: number, n: number): void;
  sumSquares(x: number, n: number): number;
  adam(
    weights: number,
    gradient: number,
    mean: number,
    square: number,
    n: number,
    scale: number,
    rate: number,
    beta1: number,
    beta2: number,
    epsilon: number,
  ): void;
  addBias(y: number, bias: number, rows: number, n: number): void;
  addColumnSums(x: number, sums: number, rows: number, n: number): void;
  gather(table: number, index: number, out: number, rows: number, n: number, scale: number): void;
  scatterAdd(x: number, index: number, table: number, rows: number, n: number, scale: number): void;
  softmaxRows(x: number, rows: number, n: number, scale: number, causal: number, first: number): void;
  softmaxBackward(p: number, dp: number, dx: number, rows: number, n: number, scale: number): void;
  crossEntropy(logits: number, target: number, rows: number, n: number, weight: number): number;
  layerNorm(
    x: number,
    gamma: number,
    beta: number,
    y: number,
    standard: number,
    inverse: number,
    rows: number,
    n: number,
    epsilon: number,
  ): void;
  layerNormBackward(
    dy: number,
    gamma: number,
    standard: number,
    inverse: number,
    dx: number,
    dgamma: number,
    dbeta: number,
    rows: number,
    n: number,
  ): void;
}

// The part of the WebAssembly interface that is used here; the type library of browsers, which has all of it, is not loaded.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

let compiled: object | undefined;

/** A fresh instance with a memory of its own. The module is compiled once per process, in a few milliseconds. */
export function wasmEngine(): Engine {
  compiled ??= new WebAssembly.Module(Buffer.from(KERNEL_BYTES, 'base64'));
  return new WebAssembly.Instance(compiled).exports as Engine;
}
