import type { Feature } from './features.js';
import { segment } from './http.js';
import { useRead } from './queries.js';
import type { Json, RewardDefinition, TrainingRun } from './types.js';

export type QualityKey = 'recall@20' | 'ndcg@10' | 'coverage@20';

type Quality = Partial<Record<QualityKey, number>>;

/** The version that served when the run was made, on data that neither had learned from. */
export interface ServingComparison extends Quality {
  version: number;
  judgedUnits: number;
  'ndcg@10Difference': { estimate: number; lower: number; upper: number };
}

export interface RunEvaluation extends Quality {
  data?: { heldOutFrom: string | null };
  judgedUnits?: number;
  popularity?: Quality;
  serving?: ServingComparison | null;
  fitSeconds?: number;
  /** Runs from before this was kept have none. */
  began?: { with: 'scratch' } | { with: 'version'; version: number; newItems: number };
  resumed?: boolean;
  peakMemoryMb?: number;
}

export interface ModelCard {
  generatedAt: string;
  policy: { id: string; title: string; key: string; learns: 'online' | 'batch' | 'never' };
  model: {
    title: string;
    summary: string;
    reference: string;
    stateVersion: number;
    parameters: { name: string; value: Json; description: string }[];
  };
  exploration: { key: string; title: string; params: Json };
  floor: number;
  usedBy: { experiment: string; title: string; surface: string; arm: string; status: string }[];
  learnsFrom: { reward: RewardDefinition; windowSeconds: number } | null;
  serving: {
    version: number;
    madeAt: string;
    learnedThrough: string | null;
    rowsUsed: number;
    sha256: string;
    trainingRun: string | null;
    seed: string | null;
  } | null;
  data: TrainingRun['data'];
  features: {
    /** 0: nothing is registered. */
    schemaVersion: number;
    madeUnder: number | null;
    reads: (Pick<Feature, 'entity' | 'name' | 'kind' | 'description' | 'consent'> & {
      how: 'named' | 'all';
    })[];
    changed: { entity: string; name: string; version: number; what: string[]; at: string }[];
  };
  evaluation: {
    protocol: string;
    heldOutFrom: string | null;
    judgedUnits: number;
    figures: { key: QualityKey; title: string; value: number; popularity: number | null }[];
    comparison: ServingComparison | null;
    fitSeconds: number;
    peakMemoryMb: number | null;
  } | null;
  offPolicy: { run: number; at: string; answer: string } | null;
  training: {
    runs: number;
    failed: number;
    last: { id: string; status: string; createdAt: string; error: string | null } | null;
  };
  notes: string[];
}

export const useModelCard = (id: string) =>
  useRead<ModelCard>(`/v1/policies/${segment(id)}/model-card`, { every: 60_000 });
