export { poissonExactTest } from './poisson-exact.js';
export type { EventRate, RateRatio } from './poisson-exact.js';
