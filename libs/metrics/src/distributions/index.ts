export { betaCdf, betaQuantile, binomialCdf } from './beta.js';
export { chiSquareSf, poissonCdf } from './chi-square.js';
export { logBeta, logGamma } from './gamma.js';
export { normalCdf, normalLogSf, normalPdf, normalQuantile, normalSf } from './normal.js';
export { studentTLogSf, studentTQuantile, studentTSf } from './student-t.js';
