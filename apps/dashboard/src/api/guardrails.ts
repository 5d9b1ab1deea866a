import { segment } from './http.js';
import { useRead } from './queries.js';

export type GuardAction = 'off' | 'alert' | 'pause' | 'control';

export interface GuardFinding {
  watch: 'metric' | 'sample-ratio' | 'errors';
  key: string;
  arm: string;
  action: GuardAction;
  status: 'breach' | 'fine' | 'waiting';
  detail: string;
}

export interface Breach {
  id: string;
  phase: number;
  watch: GuardFinding['watch'];
  key: string;
  arm: string;
  action: GuardAction;
  done: 'alerted' | 'paused' | 'control';
  detail: string;
  detectedAt: string;
  takenBackAt: string | null;
  takenBackBy: string | null;
  /** Since when it may act again after it was taken back. */
  watchedAgainAt: string | null;
}

/** What is watched, the last look and every breach; answer of `GET /v1/experiments/:key/guardrails`. */
export interface Guardrails {
  experiment: string;
  plan: {
    alpha: number;
    minimumMinutes: number;
    minimumUnits: number;
    defaultAction: GuardAction;
    sampleRatio: GuardAction;
    errors: GuardAction;
    metrics: Record<string, { action: GuardAction; margin: number | null }>;
  };
  /** Type of the clusters that share arms, and are counted; null: units are. */
  clusterBy: string | null;
  metrics: { metric: string; action: GuardAction; margin: number | null }[];
  check: {
    checkedAt: string;
    tookMs: number;
    state: GuardFinding['status'];
    findings: GuardFinding[];
  } | null;
  breaches: Breach[];
  /** Breaches of this phase that nobody has taken back. */
  open: number;
  /** Breaches of this phase that were taken back: their tests are not watched. */
  quiet: number;
  pausedArm: string | null;
  revision: number;
}

export const guardrailsPath = (key: string): string => `/v1/experiments/${segment(key)}/guardrails`;
export const useGuardrails = (key: string) => useRead<Guardrails>(guardrailsPath(key), { every: 15_000 });
