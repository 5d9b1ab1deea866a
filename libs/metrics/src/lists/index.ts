export * from './concentration.js';
export * from './exposure-groups.js';
export * from './list-figures.js';
export * from './mix.js';
