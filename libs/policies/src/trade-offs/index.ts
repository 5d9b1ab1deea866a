export * from './curve.js';
export { paretoFront } from './pareto.js';
export { titleRates } from './title-rates.js';
export type { TitleRates, TitleUse } from './title-rates.js';
