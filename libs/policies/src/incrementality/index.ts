export { withheldBaselines } from './baseline.js';
export type { Baseline, WithheldSums } from './baseline.js';
