import { useDebouncedValue } from '@mantine/hooks';
import type { UseQueryResult } from '@tanstack/react-query';
import type { Reach, ReachRequest } from '../../api/reach.js';
import { useReach } from '../../api/reach.js';
import type { ExperimentDraft } from './draft.js';
import { OWN_LAYER, otherLayersOf, switchbackOf } from './draft.js';
import { problemsOf } from './problems.js';
import { NEW_SURFACE } from './surfaces.js';
import { toCondition } from './targeting.js';

const TYPING_MS = 300;
/** Fields on which the count depends, as problems name them. */
const NEEDED = /^\/(surface|targeting|traffic|layer|otherLayers|prerequisites|switchback)/;

/** What a draft asks of the past; null while it is not whole, or its surface is not there yet. */
function reachRequest(draft: ExperimentDraft): ReachRequest | null {
  if (draft.surface === NEW_SURFACE || Object.keys(problemsOf(draft)).some((field) => NEEDED.test(field)))
    return null;
  const { surface, unitType, clusterBy, layer, prerequisites, tags } = draft;
  return {
    ...{ surface, unitType, clusterBy, prerequisites, tags },
    layer: layer === OWN_LAYER ? null : layer,
    otherLayers: otherLayersOf(draft),
    switchback: switchbackOf(draft),
    traffic: draft.traffic / 100,
    targeting: toCondition(draft.targeting),
  };
}

/** How many units a day a draft would reach, a moment after it was last edited. */
export function useDraftReach(draft: ExperimentDraft): UseQueryResult<Reach> {
  const [body] = useDebouncedValue(reachRequest(draft), TYPING_MS);
  return useReach(body);
}
