import { SurfaceEntity } from './surface.entity.js';
import { ItemEntity } from './item.entity.js';
import { LayerEntity } from './layer.entity.js';
import { HoldoutEntity } from './holdout.entity.js';
import { PolicyEntity } from './policy.entity.js';
import { PolicySnapshotEntity } from './policy-snapshot.entity.js';
import { TrainingRunEntity } from './training-run.entity.js';
import { ExperimentEntity } from './experiment.entity.js';
import { ExperimentPhaseEntity } from './experiment-phase.entity.js';
import { SettingEntity } from './setting.entity.js';
import { ApiKeyEntity } from './api-key.entity.js';

export {
  SurfaceEntity,
  ItemEntity,
  LayerEntity,
  HoldoutEntity,
  PolicyEntity,
  PolicySnapshotEntity,
  TrainingRunEntity,
  ExperimentEntity,
  ExperimentPhaseEntity,
  SettingEntity,
  ApiKeyEntity,
};

/** Row shapes of the configuration tables; facts and rollups are reached by reviewed SQL only. */
export const entities = [
  SurfaceEntity,
  ItemEntity,
  LayerEntity,
  HoldoutEntity,
  PolicyEntity,
  PolicySnapshotEntity,
  TrainingRunEntity,
  ExperimentEntity,
  ExperimentPhaseEntity,
  SettingEntity,
  ApiKeyEntity,
];
