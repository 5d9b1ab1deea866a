import { query, segment } from './http.js';
import { useRead } from './queries.js';
import type { Json } from './types.js';

/** What a change of a policy would do; answer of `POST /v1/policies/:id/preview`. */
export interface ChangePreview {
  revision: number;
  changes: { pointer: string; before: Json; after: Json; prose: string }[];
  learned: 'kept' | 'relearned' | 'at-training' | 'nothing';
  rewardVersion: { before: number; after: number };
  gate: {
    required: boolean;
    open: boolean;
    prose: string | null;
    clauses: { pointer: string; code: string; message: string }[];
  };
}

/** What was settled lately, and what was left out of learning. */
export interface Settlement {
  rewards: number;
  meanReward: number | null;
  lateOutcomes: number;
  waitingCorrections: number;
  corrected: number;
  unexposed: number;
  unattributed: number;
}

export const useSettlement = (id: string, hours: number) =>
  useRead<Settlement>(`/v1/policies/${segment(id)}/settlement${query({ hours })}`, { every: 60_000 });
