import { segment } from './http.js';
import { useRead } from './queries.js';
import type { Page } from './types.js';

/** Whose log is learned from. */
export type WarmSource =
  { kind: 'policy'; policyId: string } | { kind: 'experiment'; experiment: string; arms: string[] | null };

export interface WarmStart {
  id: number;
  policyId: string;
  actor: string;
  source: WarmSource;
  surface: string;
  subject: string | null;
  from: string;
  to: string;
  heldOut: { by: 'time' | 'unit'; share: number; from: string; to: string } | null;
  status: 'queued' | 'running' | 'succeeded' | 'failed';
  progress: number;
  matching: number;
  read: number;
  decisions: number;
  rewards: number;
  meanReward: number | null;
  version: number | null;
  error: string | null;
  createdAt: string;
  finishedAt: string | null;
}

export const warmStartsPath = (id: string): string => `/v1/policies/${segment(id)}/warm-starts`;

export const useWarmStarts = (id: string) => useRead<Page<WarmStart>>(warmStartsPath(id), { every: 5_000 });
