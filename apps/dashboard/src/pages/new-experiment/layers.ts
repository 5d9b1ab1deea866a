import type { Dealing, Layer } from '../../api/types-layers.js';
import { dealingName } from '../../format/dealing.js';
import { OWN_LAYER } from './draft.js';
import type { ExperimentDraft } from './draft.js';

/** Share of a layer that no experiment has taken, in [0, 1]. */
export function freeShare(layer: Layer): number {
  const taken = (layer.ranges ?? []).reduce((sum, range) => sum + range.to - range.from, 0);
  return taken > 1 - 1e-9 ? 0 : 1 - taken;
}

type Dealt = Pick<ExperimentDraft, 'unitType' | 'clusterBy' | 'switchback'>;

const dealingOf = ({ unitType, clusterBy, switchback }: Dealt): Dealing => ({
  unitType: clusterBy ?? unitType,
  slotMinutes: switchback?.slotMinutes ?? null,
  timeZone: switchback === null || ['', 'UTC'].includes(switchback.timeZone) ? null : switchback.timeZone,
});

/** By what a layer deals, where an experiment of the draft's units cannot join it; null where it can. */
export function otherUnit(layer: Layer, draft: Dealt): string | null {
  const own = dealingOf(draft);
  if (layer.unitType && layer.unitType !== own.unitType) return layer.unitType;
  return (layer.ranges ?? []).map(dealingName).find((name) => name !== dealingName(own)) ?? null;
}

/** The layer to offer first: one with room for units of its kind that it is not in already, else one of its own. */
export function defaultLayer(layers: readonly Layer[], draft: ExperimentDraft): string {
  const further = new Set(draft.otherLayers.map(({ layer }) => layer));
  const fits = (layer: Layer): boolean =>
    freeShare(layer) > 0 && !further.has(layer.key) && otherUnit(layer, draft) === null;
  return layers.find(fits)?.key ?? OWN_LAYER;
}

/** What a layer's choice says beside its title. */
export const layerNote = (layer: Layer, draft: Dealt, free: string): string => {
  const other = otherUnit(layer, draft);
  return other === null ? `${layer.title}, ${free} free` : `${layer.title}, deals by ${other}`;
};

/** Layers of the draft that deal by another kind of unit, by the pointer of their field. */
export function layerProblems(draft: ExperimentDraft, layers: readonly Layer[]): Record<string, string> {
  const named = [
    ['/layer', draft.layer] as const,
    ...draft.otherLayers.map(({ layer }, i) => [`/otherLayers/${i}/layer`, layer] as const),
  ];
  const own = dealingName(dealingOf(draft));
  return Object.fromEntries(
    named.flatMap(([pointer, key]) => {
      const layer = layers.find((one) => one.key === key);
      const other = layer ? otherUnit(layer, draft) : null;
      if (other === null) return [];
      return [[pointer, `It deals by ${other}, this experiment by ${own}: choose another layer`]];
    }),
  );
}
