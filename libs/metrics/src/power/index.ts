export * from './plan.js';
export * from './power.js';
export * from './lift.js';
export * from './sizes.js';
export * from './t-test.js';
