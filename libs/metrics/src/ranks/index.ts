export { mannWhitneyTest } from './mann-whitney.js';
export type { RankTest } from './mann-whitney.js';
