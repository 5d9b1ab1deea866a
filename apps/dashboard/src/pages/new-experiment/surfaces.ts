import type { Json, Surface, SurfaceKind } from '../../api/types.js';
import { slug } from '../../format/slug.js';
import type { ExperimentDraft } from './draft.js';

/** Choice of the surface field: one that is made when the experiment is saved. */
export const NEW_SURFACE = ':new';

export interface SurfaceDraft {
  title: string;
  kind: SurfaceKind;
  defaultValue: Json | undefined;
  /** Kind of the items that stand to choice; empty: sent with each request. */
  candidateKind: string;
}

export const emptySurface = (): SurfaceDraft => ({
  title: '',
  kind: 'value',
  defaultValue: undefined,
  candidateKind: '',
});

type Chosen = Pick<ExperimentDraft, 'surface' | 'newSurface'>;

export const surfaceKey = ({ surface, newSurface }: Chosen): string =>
  surface === NEW_SURFACE ? slug(newSurface.title) : surface;

/** The surface to begin with: the only one, or a new one where there is none. */
export function firstSurface(surfaces: readonly Surface[]): string {
  if (surfaces.length === 0) return NEW_SURFACE;
  return surfaces.length === 1 ? (surfaces[0]?.key ?? '') : '';
}

/** The new surface in the API's words. */
export function surfaceBody({ title, kind, defaultValue, candidateKind }: SurfaceDraft): Surface {
  return {
    key: slug(title),
    title: title.trim(),
    kind,
    defaultValue: kind === 'value' ? (defaultValue ?? null) : null,
    candidateKind: kind === 'value' || candidateKind.trim() === '' ? null : candidateKind.trim(),
  };
}

/** What the draft's surface is, also before it is made. */
export function chosenSurface(draft: Chosen, surfaces: readonly Surface[]): Surface | undefined {
  if (draft.surface === NEW_SURFACE) return surfaceBody(draft.newSurface);
  return surfaces.find(({ key }) => key === draft.surface);
}
