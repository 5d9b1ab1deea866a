import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { InfiniteData, UseInfiniteQueryResult, UseQueryResult } from '@tanstack/react-query';
import { request, segment } from './http.js';
import type { Json } from './types.js';

/** What to change about a decision before it is made again. */
export interface WhatIf {
  context: Record<string, Json>;
  actions: Record<string, Record<string, Json> | null>;
  policyId?: string;
  version?: number;
}

export interface ExaminedCandidate {
  id: string;
  title: string;
  eligible: boolean;
  limitedBy: string[];
  score: number | null;
  mean: number | null;
  sd: number | null;
  own: number | null;
  explored: number;
  probability: number;
  chosen: boolean;
  position: number | null;
  propensity: number | null;
}

export interface ExaminedDecision {
  policy: { id: string; key: string; version: number };
  chosen: string[];
  propensity: number;
  propensityKind: 'exact' | 'monte-carlo';
  floor: number;
  candidates: ExaminedCandidate[];
}

export interface CounterfactualAnswer {
  decisionId: string;
  kind: 'action' | 'slate';
  seed: string;
  changes: { action: string | null; name: string | null; from: Json; to: Json }[];
  before: ExaminedDecision | null;
  beforeNote: string | null;
  asServed: boolean;
  after: ExaminedDecision;
  sameChoice: boolean;
  totalVariation: number | null;
}

/** Null asks nothing. */
export function useCounterfactual(id: string, edit: WhatIf | null): UseQueryResult<CounterfactualAnswer> {
  const path = `/v1/decisions/${segment(id)}/counterfactual`;
  return useQuery({
    queryKey: [path, edit],
    queryFn: ({ signal }) =>
      request<CounterfactualAnswer>(path, { method: 'POST', body: edit ?? {}, signal }),
    enabled: edit !== null,
    staleTime: Infinity,
  });
}

export interface ReplayedDecision {
  id: string;
  at: string;
  unitId: string;
  subject: string | null;
  kind: 'action' | 'slate';
  version: number;
  served: string[];
  propensity: number;
  candidate: string[];
  candidatePropensity: number;
  probability: number;
  weight: number;
}

export interface ReplayPage {
  policyId: string;
  candidate: { policyId: string; key: string; version: number | 'logged' };
  from: string;
  to: string;
  items: ReplayedDecision[];
  totals: {
    decisions: number;
    differ: number;
    differShare: number | null;
    meanProbability: number | null;
    meanPropensity: number | null;
    meanWeight: number | null;
    effectiveSampleSize: number | null;
    largestWeights: { id: string; weight: number }[];
    skipped: { reason: string; decisions: number; detail: string }[];
  };
  replayedTo: string | null;
  nextCursor: string | null;
}

export interface ReplayQuestion {
  candidate: { policyId?: string; version?: number | 'logged' };
  from: string;
  to: string;
}

/** Page after page on demand; each page's totals count all pages before it too. */
export function useReplay(
  policyId: string,
  question: ReplayQuestion,
): UseInfiniteQueryResult<InfiniteData<ReplayPage>> {
  const path = `/v1/policies/${segment(policyId)}/replay`;
  return useInfiniteQuery({
    queryKey: [path, question],
    queryFn: ({ signal, pageParam }) =>
      request<ReplayPage>(path, {
        method: 'POST',
        body: { ...question, limit: 1000, ...(pageParam === null ? {} : { cursor: pageParam }) },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
}
