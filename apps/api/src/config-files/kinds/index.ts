import { experiments } from './experiments.js';
import { fixedKinds } from './fixed.js';
import type { ConfigKind } from './kind.js';
import { metrics } from './metrics.js';
import { policies } from './policies.js';
import { segments } from './segments.js';
import { surfaces } from './surfaces.js';

/** In the order in which they are applied: what comes later may name what comes before. */
export const CONFIG_KINDS: readonly ConfigKind[] = [
  ...fixedKinds,
  surfaces,
  metrics,
  segments,
  policies,
  experiments,
];
