export * from './calibrate.js';
export { Sampler } from './sampler.js';
export { DAY, START } from './world/behaviour.js';
export type { Outcome, Sink } from './world/behaviour.js';
export { ExperimentWorld } from './world/experiment-world.js';
