export { pauleMandel, weightedMean } from './between-variance.js';
export type { EstimatedEffect } from './between-variance.js';
export { liftOf } from './lift-error.js';
export { FEWEST_EFFECTS, selectionBias, shrinkPortfolio } from './portfolio.js';
export type { Portfolio, PortfolioEffect, ShrunkenEffect } from './portfolio.js';
