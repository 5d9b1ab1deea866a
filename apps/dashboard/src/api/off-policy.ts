import { query, segment } from './http.js';
import { useRead } from './queries.js';
import type { Json, Page } from './types.js';

interface Range {
  lower: number;
  upper: number;
}

export type GateAnswer = 'yes' | 'no' | 'not-enough-evidence';

export interface GateClause {
  key: string;
  title: string;
  holds: boolean;
  value: number | null;
  threshold: number;
  prose: string;
}

export interface OffPolicyRun {
  id: number;
  policyId: string;
  at: string;
  actor: string;
  candidate: {
    kind: 'policy' | 'version' | 'params';
    policyId: string;
    version: number | null;
    key: string;
    params: Record<string, Json>;
    exploration: { key: string; params?: Record<string, Json> };
    floor: number;
    hash: string;
  };
  answer: GateAnswer;
  gate: { answer: GateAnswer; prose: string; clauses: GateClause[] };
}

export interface OffPolicyEstimate {
  key: string;
  title: string;
  value: number | null;
  standardError: number | null;
  interval: Range | null;
  bootstrap: Range | null;
  bound: Range | null;
  details: Record<string, number>;
  reason?: string;
}

export interface SlotDiagnostics {
  slot: number;
  meanReward: number;
  effectivePrefix: number;
  effectiveSlot: number | null;
  largestWeight: number;
  meanWeight: number;
  meanWeightZ: number | null;
}

export interface OffPolicyDetail extends OffPolicyRun {
  result: {
    baseline: { value: number; standardError: number | null; interval: Range };
    estimates: OffPolicyEstimate[];
    difference: { value: number; standardError: number | null; normal: Range; bound: Range };
    diagnostics: {
      n: number;
      clusters: number;
      rewarded: number;
      effectiveSampleSize: number;
      effectiveShare: number;
      largestWeight: number;
      meanWeight: number;
      meanWeightZ: number | null;
      topPercentShare: number;
      clippedMass: number;
      clipLimit: number;
      smallestPropensity: number;
      support: {
        kind: 'recorded' | 'repeated' | 'floor' | 'unknown';
        violations: number;
        unsupportedMass: number;
      };
      /** `slot` counts positions of slates from 0. */
      worstAction: { action: number; z: number; slot?: number } | null;
      /** Of slates alone: every position, the first is 0. */
      slots?: SlotDiagnostics[];
    };
    model: { key: string; folds: number };
    level: number;
    margin: number;
    actions: string[];
    features: string[];
    log: {
      /** Absent in runs of before slates could be evaluated: they are of actions. */
      kind?: 'action' | 'slate';
      from: string;
      to: string;
      subject: string | null;
      matching: number;
      cut: boolean;
      learnedOn: number;
      incomplete: number;
      alreadyLearned: number;
      /** Absent in older runs. */
      otherReward?: number;
      warmStarted?: number;
      explored?: number;
      audited: boolean | null;
    };
  };
}

export const isOfSlates = ({ result }: OffPolicyDetail): boolean => result.log.kind === 'slate';

export const offPolicyPath = (id: string): string => `/v1/policies/${segment(id)}/off-policy`;

export const useOffPolicyRuns = (id: string) =>
  useRead<Page<OffPolicyRun>>(`${offPolicyPath(id)}${query({ limit: 50 })}`, { every: 60_000 });
export const useOffPolicyRun = (id: string, run: string) =>
  useRead<OffPolicyDetail>(`${offPolicyPath(id)}/${segment(run)}`, { every: 600_000 });
