export * from './condition.js';
export * from './evaluate.js';
export * from './payload.js';
export { queryStringOverride } from './unit.js';
