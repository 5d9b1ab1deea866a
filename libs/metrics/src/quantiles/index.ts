export { exactQuantileInterval, quantileTest } from './order-statistics.js';
export type { ArmQuantile, OrderStatisticInterval, QuantileTest } from './order-statistics.js';
export { sampleQuantile } from './sample-quantile.js';
export { quantileSummaryTest } from './summary.js';
export type { QuantileClusters, QuantileSummary, QuantileSummaryTest } from './summary.js';
