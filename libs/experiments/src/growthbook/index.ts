export * from './condition.js';
export * from './evaluate.js';
export { NotLocal } from './local-condition.js';
export * from './local-payload.js';
export * from './payload.js';
export { queryStringOverride } from './unit.js';
export * from './import/index.js';
