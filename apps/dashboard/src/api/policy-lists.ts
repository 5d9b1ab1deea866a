import { query, segment } from './http.js';
import { useRead } from './queries.js';

/** Reads over days of decisions: worth a minute's wait. */
const EVERY = 60_000;

export interface ListFigures {
  lists: number;
  members: number;
  titles: number;
  entropy: number | null;
  novelty: number | null;
  coverage: number | null;
  gini: number | null;
  distance: number | null;
  overlap: number | null;
}

export interface PolicyDiversity {
  feature: string;
  top: number;
  from: string | null;
  total: ListFigures;
  days: (ListFigures & { day: string })[];
  drift: {
    members: number;
    divergence: number | null;
    entropyChange: number | null;
    standardError: number | null;
  };
  mix: { value: string; share: number }[];
  mostShown: { id: string; title: string; shown: number; share: number }[];
}

export interface GroupFigures {
  group: string;
  members: number;
  shown: number;
  exposureShare: number;
  reward: number | null;
  lower: number | null;
  upper: number | null;
}

export interface GroupComparison {
  groups: GroupFigures[];
  ratio: {
    worst: string;
    best: string;
    ratio: number;
    lower: number | null;
    upper: number | null;
    state: 'ok' | 'watch' | 'alarm';
  } | null;
  reason: 'too_few_groups' | 'no_reward' | null;
}

export interface PolicyFairness {
  segment: string | null;
  attributes: string[];
  feature: string;
  threshold: number;
  leastMembers: number;
  decisions: number;
  settled: number;
  segments: GroupComparison | null;
  groups: GroupComparison;
  cells: (Omit<GroupFigures, 'members'> & { segment: string })[];
}

export interface PolicyPin {
  id: string;
  position?: number;
  by?: number;
  until: string;
  reason?: string;
  active: boolean;
}

export const pinsPath = (id: string): string => `/v1/policies/${segment(id)}/pins`;

export const useDiversity = (id: string, days: string) =>
  useRead<PolicyDiversity>(`/v1/policies/${segment(id)}/diversity${query({ days })}`, { every: EVERY });
export const useFairness = (id: string, days: string, attribute: string | null) =>
  useRead<PolicyFairness>(`/v1/policies/${segment(id)}/fairness${query({ days, segment: attribute })}`, {
    every: EVERY,
  });
export const usePins = (id: string) => useRead<{ items: PolicyPin[] }>(pinsPath(id), { every: EVERY });
