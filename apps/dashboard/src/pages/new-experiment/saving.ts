import { useRef } from 'react';
import { ApiError, segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import type { Experiment, Surface } from '../../api/types.js';
import { OWN_LAYER, toBody } from './draft.js';
import type { ExperimentDraft } from './draft.js';
import { NEW_SURFACE, surfaceBody } from './surfaces.js';

export interface Saving {
  /** @returns the saved draft; null where it was refused. */
  save: (draft: ExperimentDraft) => Promise<Experiment | null>;
  pending: boolean;
  error: Error | null;
  /** What was refused of the experiment itself. */
  fields: ApiError['fields'];
}

/** Saves a draft with the surface and the layer that it brings along; what is there already is changed, not made twice. */
export function useSaving(): Saving {
  const create = useWrite<Experiment>(['/v1/experiments', '/v1/layers']);
  const layer = useWrite(['/v1/layers']);
  const surface = useWrite<Surface>(['/v1/surfaces']);
  const made = useRef<{ experiment: Experiment | null; layer: string; surface: string }>({
    experiment: null,
    layer: '',
    surface: '',
  });
  const save = async (draft: ExperimentDraft): Promise<Experiment | null> => {
    try {
      const body = toBody(draft);
      if (draft.surface === NEW_SURFACE && made.current.surface !== body.surface) {
        await surface.mutateAsync({ path: '/v1/surfaces', body: surfaceBody(draft.newSurface) });
        made.current.surface = body.surface;
      }
      if (draft.layer === OWN_LAYER && made.current.layer !== body.layer) {
        await layer.mutateAsync({ path: '/v1/layers', body: { key: body.layer, title: body.title } });
        made.current.layer = body.layer;
      }
      const before = made.current.experiment?.key === body.key ? made.current.experiment : null;
      const { key, ...changes } = body;
      made.current.experiment =
        before === null
          ? await create.mutateAsync({ path: '/v1/experiments', body })
          : await create.mutateAsync({
              path: `/v1/experiments/${segment(key)}`,
              method: 'PATCH',
              body: changes,
              version: before.version,
            });
      return made.current.experiment;
    } catch {
      // The mutations keep their errors; the review panel shows them.
      return null;
    }
  };
  return {
    save,
    pending: surface.isPending || layer.isPending || create.isPending,
    error: surface.error ?? layer.error ?? create.error,
    fields: create.error instanceof ApiError ? create.error.fields : [],
  };
}
