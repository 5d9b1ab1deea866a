import type { ReachRequest } from '../../../api/reach.js';
import type { Condition, Experiment } from '../../../api/types.js';
import { fromCondition, toCondition } from '../../new-experiment/targeting.js';
import type { TargetingDraft } from '../../new-experiment/targeting.js';

export interface ChangeDraft {
  title: string;
  /** In percent. */
  traffic: number;
  weights: Record<string, number>;
  targeting: TargetingDraft;
}

export interface ExperimentPatch {
  title?: string;
  traffic?: number;
  arms?: { key: string; weight: number }[];
  targeting?: Condition | null;
}

const percentOf = (share: number): number => Number((share * 100).toFixed(4));

export const changeDraft = ({ title, traffic, arms, targeting }: Experiment): ChangeDraft => ({
  title,
  traffic: percentOf(traffic),
  weights: Object.fromEntries(arms.map((arm) => [arm.key, arm.weight])),
  targeting: fromCondition(targeting),
});

/** Only what differs; arms by key, so that nothing else of them is touched. */
export function patchOf(base: Experiment, draft: ChangeDraft): ExperimentPatch {
  const targeting = toCondition(draft.targeting);
  const reweighed = base.arms.some(({ key, weight }) => draft.weights[key] !== weight);
  return {
    ...(draft.title === base.title ? {} : { title: draft.title }),
    ...(draft.traffic === percentOf(base.traffic)
      ? {}
      : { traffic: Number((draft.traffic / 100).toFixed(6)) }),
    ...(reweighed
      ? { arms: base.arms.map(({ key, weight }) => ({ key, weight: draft.weights[key] ?? weight })) }
      : {}),
    ...(JSON.stringify(targeting) === JSON.stringify(base.targeting) ? {} : { targeting }),
  };
}

/** How many units a day the changed experiment would reach. */
export const reachOf = (base: Experiment, draft: ChangeDraft): ReachRequest => ({
  ...{
    experiment: base.key,
    surface: base.surface,
    unitType: base.unitType,
    tags: base.tags,
    layer: base.layer,
  },
  clusterBy: base.clusterBy ?? null,
  switchback: base.switchback ?? null,
  prerequisites: base.prerequisites ?? [],
  otherLayers: (base.otherLayers ?? []).map(({ layer, range }) => ({ layer, range })),
  traffic: Math.min(1, Math.max(0, draft.traffic / 100)),
  targeting: toCondition(draft.targeting),
});
