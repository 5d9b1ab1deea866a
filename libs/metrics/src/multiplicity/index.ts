export { fcrIntervals, intervalFromAdjustedP } from './intervals.js';
export type { FcrIntervals } from './intervals.js';
