import { anytimeMethods } from './anytime.methods.js';
import { adaptiveMethods } from './adaptive.methods.js';
import { adjustmentMethods } from './adjustment.methods.js';
import { basicMethods } from './basic.methods.js';
import { liftMethods } from './lift.methods.js';
import { marginMethods } from './margin.methods.js';
import { groupSequentialMethods } from './group-sequential.methods.js';
import { bayesianMethods } from './bayesian.methods.js';
import { meanMethods } from './mean.methods.js';
import { multiplicityMethods } from './multiplicity.methods.js';
import { powerMethods } from './power.methods.js';
import { proportionMethods } from './proportion.methods.js';
import { quantileMethods } from './quantile.methods.js';
import { sampleSizeMethods } from './sample-size.methods.js';
import { sequentialMethods } from './sequential.methods.js';
import { survivalMethods } from './survival.methods.js';

export type ReferenceResult = Readonly<Record<string, unknown>>;
/** From a case's input (in the form of the file) to a result with the same keys as its expectation. */
export type ReferenceMethod = (input: unknown) => ReferenceResult;

/** The methods of reference files that this library implements, by their name there. */
export const referenceMethods: Readonly<Record<string, ReferenceMethod>> = {
  ...basicMethods,
  ...meanMethods,
  ...sequentialMethods,
  ...powerMethods,
  ...liftMethods,
  ...marginMethods,
  ...proportionMethods,
  ...quantileMethods,
  ...anytimeMethods,
  ...groupSequentialMethods,
  ...multiplicityMethods,
  ...sampleSizeMethods,
  ...survivalMethods,
  ...adjustmentMethods,
  ...bayesianMethods,
  ...adaptiveMethods,
};
