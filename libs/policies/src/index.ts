import { createRegistry } from '#experiments';
import type { Registry } from '#experiments';
export { bestArm } from './bandits/best-arm.js';
export type { BestArm } from './bandits/best-arm.js';
import { bandits } from './bandits/index.js';
import type { Policy } from './contract.js';
import { recommenders } from './recommenders/index.js';
import { wrappable, wrapperRegistry } from './wrappers/index.js';

export { eachFeature } from './bandits/features.js';
export * from './codec.js';
export * from './contract.js';
export * from './examine.js';
export * from './exploration/index.js';
export * from './exploration/probabilities.js';
export * from './incrementality/index.js';
export * from './off-policy/index.js';
export { probabilityBestBelief } from './sampling/belief-best.js';
export { probabilityBestBeta } from './sampling/beta-best.js';
export { probabilityRanksBeta } from './sampling/beta-rank.js';
export { probabilityBest } from './sampling/gaussian-best.js';
export * from './exploration/plackett-luce-marginals.js';
export * from './exploration/slate-propensity.js';
export { CLOCK_ATTRIBUTES, hourOfWeek, localDay, offsetMinutesOf, timesIn } from './local-time.js';
export * from './page/index.js';
export * from './retrieval/index.js';
export * from './serve.js';
export * from './trade-offs/index.js';
export * from './wrappers/index.js';

/** Every policy that Marquee ships, static, online and batch alike. */
export const policyRegistry: Registry<Policy> = createRegistry<Policy>(
  'policy',
  [...bandits, ...recommenders].map((policy) => wrappable(policy, wrapperRegistry)),
);
