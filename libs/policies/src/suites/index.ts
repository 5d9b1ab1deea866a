import { furtherSuites } from './further-suites.js';
import { otherSuites } from './other-suites.js';
import { stochasticSuites } from './stochastic-suites.js';
import type { SuiteEntry } from './suite.js';
import { wrappedSuites } from './wrapped-suites.js';

export { judge } from './suite.js';
export type { SuiteEntry, SuiteResult } from './suite.js';

/** Every simulated suite; `npm run bench -- --only bandit-suites` plays them in full. */
export const banditSuites: readonly SuiteEntry[] = [
  ...stochasticSuites,
  ...otherSuites,
  ...furtherSuites,
  ...wrappedSuites,
];
