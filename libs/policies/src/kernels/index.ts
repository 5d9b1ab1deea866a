export { Arena, Block } from './arena.js';
export type { Doubles, Floats, Ints } from './arena.js';
export { wasmEngine } from './engine.js';
export type { Activation, Engine } from './engine.js';
export { Kernels } from './kernels.js';
export type { AdamStep, ProductShape } from './kernels.js';
export { withKernels } from './common.js';
