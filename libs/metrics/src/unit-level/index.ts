export { quantileLevels, quantileMoments } from './quantile-moments.js';
export type { QuantileRow } from './quantile-moments.js';
export { restrictedMeanMoments } from './restricted-mean-moments.js';
export { withoutSpread } from './estimate-moments.js';
