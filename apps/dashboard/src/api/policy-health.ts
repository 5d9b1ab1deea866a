import { query, segment } from './http.js';
import { useRead } from './queries.js';
import type { RewardDefinition } from './types-operations.js';

/** Audits run once an hour; shadows and rewards over days of decisions. */
const EVERY = 60_000;

export type AuditState = 'ok' | 'alarm' | 'failed' | 'unknown';

export interface PolicyAudit {
  at: string;
  from: string;
  status: 'ok' | 'too-few' | 'alarm' | 'failed';
  reasons: string[];
  servingVersion: number | null;
  decisions: number;
  rolledBackTo: number | null;
  checks: {
    key: string;
    rule: string;
    value: number | null;
    threshold: number;
    affected: number | null;
    state: AuditState;
  }[];
}

export interface PolicyShadow {
  policyId: string;
  version: number;
  decisions: number;
  failed: number;
  agreement: number | null;
  meanServedProbability: number | null;
  rewarded: number;
  servedReward: number | null;
  ips: number | null;
  snips: number | null;
  snipsLower: number | null;
  snipsUpper: number | null;
  effectiveSampleSize: number | null;
  largestWeight: number | null;
  meanWeight: number | null;
  reason: string | null;
}

export interface RewardVersion {
  version: number;
  reward: RewardDefinition;
  windowSeconds: number;
  createdAt: string;
  rewards: number;
}

const path = (id: string, what: string): string => `/v1/policies/${segment(id)}/${what}`;

export const usePolicyAudits = (id: string) =>
  useRead<{ items: PolicyAudit[] }>(path(id, 'audit'), { every: EVERY });
export const usePolicyShadow = (id: string, days: string) =>
  useRead<{ items: PolicyShadow[] }>(`${path(id, 'shadow')}${query({ days })}`, { every: EVERY });
export const useRewardVersions = (id: string) =>
  useRead<{ items: RewardVersion[] }>(path(id, 'reward-versions'), { every: EVERY });
