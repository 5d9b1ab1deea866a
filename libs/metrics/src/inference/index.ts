export { effectOf } from './effect.js';
export type { ArmEstimate, EffectEstimate, EffectScale } from './effect.js';
export { undefinedBecause } from './outcome.js';
export { isProbability } from './outcome.js';
export type { Outcome, OutcomeReason, UndefinedOutcome } from './outcome.js';
export { normalLaw, studentLaw, waldTest } from './wald.js';
export type { Alternative, SymmetricLaw, TestOptions, WaldTest } from './wald.js';
