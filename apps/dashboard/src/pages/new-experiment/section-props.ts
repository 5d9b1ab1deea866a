import type { UseQueryResult } from '@tanstack/react-query';
import type { Reach } from '../../api/reach.js';
import type { Catalog, Policy, Surface } from '../../api/types.js';
import type { Layer } from '../../api/types-layers.js';
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
  /** How many units a day the draft would reach. */
  reach: UseQueryResult<Reach>;
}
