// The kernel module. It keeps nothing: every function works on addresses in the memory that its caller lays out.
export { base } from "./layout";
export { gemm32, gemm64 } from "./gemm";
export { addRows, factorUpper, invertUpper, solveUpper, unpackUpper } from "./cholesky";
export { activate, activateBackward, adam, axpy, multiply, sumSquares } from "./math";
export {
  addBias,
  addColumnSums,
  crossEntropy,
  gather,
  layerNorm,
  layerNormBackward,
  scatterAdd,
  softmaxBackward,
  softmaxRows,
} from "./rows";
