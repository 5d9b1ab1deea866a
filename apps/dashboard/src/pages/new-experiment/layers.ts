import type { Layer } from '../../api/types.js';
import { OWN_LAYER } from './draft.js';

/** Share of a layer that no experiment has taken, in [0, 1]. */
export function freeShare(layer: Layer): number {
  const taken = (layer.ranges ?? []).reduce((sum, range) => sum + range.to - range.from, 0);
  return taken > 1 - 1e-9 ? 0 : 1 - taken;
}

/** The layer to offer first: one with room, else one of its own. */
export function defaultLayer(layers: readonly Layer[]): string {
  return layers.find((layer) => freeShare(layer) > 0)?.key ?? OWN_LAYER;
}
