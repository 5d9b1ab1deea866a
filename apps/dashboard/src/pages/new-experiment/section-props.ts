import type { Catalog, Layer, Policy, Surface } from '../../api/types.js';
import type { ExperimentDraft } from './draft.js';
import type { Problems } from './problems.js';

/** What the sections of the form share. */
export interface SectionProps {
  draft: ExperimentDraft;
  set: (change: Partial<ExperimentDraft>) => void;
  /** Shown once saving was tried. */
  problems: Problems;
  catalog: Catalog;
  surfaces: readonly Surface[];
  layers: readonly Layer[];
  policies: readonly Policy[];
}
