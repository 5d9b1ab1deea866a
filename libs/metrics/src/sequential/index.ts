export { anytimeT } from './anytime-t.js';
export type { AnytimeTInput, AnytimeTResult } from './anytime-t.js';
export { logDirichletBayesFactor, sequentialPoissonRates, sequentialSampleRatio } from './count-tests.js';
export type { SequentialCountsResult, SequentialRatesResult } from './count-tests.js';
export { crossingProbabilities, groupSequentialBounds, groupSequentialSize } from './group-sequential.js';
export type {
  GroupSequentialBounds,
  GroupSequentialDesign,
  GroupSequentialGoal,
  GroupSequentialSize,
} from './group-sequential.js';
export { logRateEvidence, ratesOverPeriods } from './rates-over-periods.js';
export type { RatePeriod, RatesOverPeriods } from './rates-over-periods.js';
export { mixtureSprt, runningPValues } from './mixture-sprt.js';
export type { SprtLook, SprtResult } from './mixture-sprt.js';
export { normalMixture } from './normal-mixture.js';
export type { MixtureBoundary, MixtureTuning } from './normal-mixture.js';
export { alphaSpent } from './spending.js';
export type { Spending } from './spending.js';
