export { betaCdf, betaLogitQuantile, betaQuantile, binomialCdf } from './beta.js';
export { chiSquareSf, poissonCdf } from './chi-square.js';
export {
  binomialLaw,
  discreteQuantile,
  discreteUpperQuantile,
  hypergeometricLaw,
  minimumLikelihoodLogP,
} from './discrete.js';
export type { DiscreteLaw } from './discrete.js';
export { logBeta, logGamma } from './gamma.js';
export { noncentralTLogSf, noncentralTSf } from './noncentral-t.js';
export { gammaQuantile } from './gamma-quantile.js';
export { normalCdf, normalLogSf, normalPdf, normalQuantile, normalSf } from './normal.js';
export { binomialLogPmf } from './saddle-point.js';
export { studentTLogSf, studentTQuantile, studentTSf } from './student-t.js';
