export {
  fixedMarginNonInferiority,
  meanEquivalence,
  proportionEquivalence,
  proportionNonInferiority,
} from './margins.js';
export type {
  EquivalenceOptions,
  EquivalenceTest,
  FixedMarginTest,
  GoodDirection,
  MarginTestOptions,
} from './margins.js';
