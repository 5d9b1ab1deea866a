import { experiments } from './experiments.js';
import { fixedKinds } from './fixed.js';
import { holdouts } from './holdouts.js';
import type { ConfigKind } from './kind.js';
import { metrics } from './metrics.js';
import { policies } from './policies.js';
import { segments } from './segments.js';
import { surfaces } from './surfaces.js';
import { unitLists } from './unit-lists.js';

/** In the order in which they are applied: what comes later may name what comes before. */
export const CONFIG_KINDS: readonly ConfigKind[] = [
  ...fixedKinds,
  surfaces,
  metrics,
  unitLists,
  segments,
  policies,
  holdouts,
  experiments,
];
