import { segment } from './http.js';
import { useRead } from './queries.js';
import type { Page } from './types.js';

export type ObjectiveName = 'play' | 'completion' | 'returning' | 'diversity';

export interface MeanWithInterval {
  estimate: number;
  lower: number;
  upper: number;
}

export interface TradeOffSetting {
  relevance?: number;
  diversity?: number;
  objectives?: Record<string, number>;
  atLeast?: Record<string, number>;
  features?: string[];
  similarity?: string;
  places?: number;
  pool?: number;
}

export interface TradeOffPoint {
  setting: TradeOffSetting;
  current: boolean;
  objectives: Record<ObjectiveName, MeanWithInterval>;
  change: Record<ObjectiveName, MeanWithInterval>;
  efficient: boolean;
}

export interface TradeOffRun {
  id: string;
  policyId: string;
  status: 'queued' | 'running' | 'succeeded' | 'failed';
  progress: number;
  actor: string;
  settings: {
    completion: string;
    completeDays: number;
    returnDays: number;
    features?: string[];
    /** Absent from runs of earlier versions. */
    alsoTry?: TradeOffSetting[];
    seed: string;
  };
  result: {
    curve: { units: number; places: number; points: TradeOffPoint[] };
    features: string[];
    data: { rows: number; units: number; items: number; heldOutFrom: string };
    seconds: number;
  } | null;
  error: string | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

export const tradeOffPath = (id: string): string => `/v1/policies/${segment(id)}/trade-offs`;

/** The newest first, without their curves. */
export const useTradeOffRuns = (id: string) => useRead<Page<TradeOffRun>>(tradeOffPath(id), { every: 5_000 });
export const useTradeOffRun = (id: string, run: string) =>
  useRead<TradeOffRun>(`${tradeOffPath(id)}/${segment(run)}`, { every: 600_000 });
