export { withheldBaselines } from './baseline.js';
export type { Baseline, WithheldSums } from './baseline.js';
export { incrementalReward } from './reward.js';
export type { Lot } from './reward.js';
