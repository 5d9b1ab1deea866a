import type { Experiment, Json } from '../../../api/types.js';

export interface ChangeDraft {
  title: string;
  /** In percent. */
  traffic: number;
  weights: Record<string, number>;
  targeting: Json | undefined;
}

export interface ExperimentPatch {
  title?: string;
  traffic?: number;
  arms?: { key: string; weight: number }[];
  targeting?: Json;
}

const percentOf = (share: number): number => Number((share * 100).toFixed(4));

export const changeDraft = ({ title, traffic, arms, targeting }: Experiment): ChangeDraft => ({
  title,
  traffic: percentOf(traffic),
  weights: Object.fromEntries(arms.map((arm) => [arm.key, arm.weight])),
  targeting: targeting as Json,
});

/** Only what differs; arms by key, so that nothing else of them is touched. */
export function patchOf(base: Experiment, draft: ChangeDraft): ExperimentPatch {
  const targeting = draft.targeting ?? null;
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
