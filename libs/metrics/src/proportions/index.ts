export type { Counts } from './counts.js';
export {
  agrestiCaffoInterval,
  newcombeInterval,
  pooledProportionTest,
  riskRatio,
  unpooledProportionTest,
} from './difference.js';
export type { DifferenceInterval, PooledTest, RiskRatio } from './difference.js';
export { fisherExactTest } from './fisher.js';
export { clopperPearsonInterval, wilsonInterval } from './one-sample.js';
export type { ShareInterval } from './one-sample.js';
export { restrictedShares, scoreInterval, scoreTest } from './score.js';
export type { ScoreForm, ScoreTest } from './score.js';
