import { z } from 'zod';
import { keyField } from '../http/fields.js';
import { createExperimentSchema } from './experiment.schemas.js';

const { surface, unitType, clusterBy, switchback, prerequisites, traffic, targeting, tags } =
  createExperimentSchema.shape;
const { layerShare, otherLayers } = createExperimentSchema.shape;

/** POST /v1/reach: who takes part, of an experiment that may not be saved. */
export const reachSchema = z.strictObject({
  ...{ surface, unitType, clusterBy, switchback, prerequisites, traffic, targeting, tags },
  ...{ layerShare, otherLayers },
  /** The experiment that is being changed: it keeps its place and its parts of layers. Absent: a new one. */
  experiment: keyField.optional(),
  /** Null: a layer of its own. */
  layer: keyField.nullable().default('default'),
  days: z.int().min(1).max(28).default(14).describe('Days of history that are looked at'),
});
export type ReachBody = z.output<typeof reachSchema>;
