import { useQuery } from '@tanstack/react-query';
import type { UseQueryResult } from '@tanstack/react-query';
import { query, request, segment } from './http.js';
import { useRead } from './queries.js';
import type { Json } from './types.js';

/** Reads over days of decisions: worth a minute's wait. */
const EVERY = 60_000;

export interface SearchQuestion {
  query: string;
  mode: 'text' | 'voice';
  history: string[];
}

export interface TriedItem {
  id: string;
  title: string;
  features: Record<string, Json>;
  score: number;
  reasons: { kind: string; adds: number; detail: string | null }[];
}

export interface TriedSearch {
  policy: { id: string; key: string; title: string; version: number };
  query: string;
  mode: 'text' | 'voice';
  candidates: number;
  found: number;
  items: TriedItem[];
}

export interface SearchLog {
  from: string;
  outcomes: string[];
  leastMembers: number;
  searches: number;
  withoutResult: number;
  withoutPlay: number;
  again: number;
  rare: number;
  queries: {
    query: string;
    searches: number;
    members: number;
    withoutResult: number;
    withoutPlay: number;
  }[];
}

/** What a policy finds. A null policy or question asks nothing. */
export function useTriedSearch(
  policyId: string | null,
  question: SearchQuestion | null,
): UseQueryResult<TriedSearch> {
  const path = `/v1/policies/${segment(policyId ?? '')}/search`;
  return useQuery({
    queryKey: [path, question],
    queryFn: ({ signal }) => request<TriedSearch>(path, { method: 'POST', body: question, signal }),
    enabled: policyId !== null && question !== null,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
}

export const useSearchLog = (id: string, days: string, sort: string) =>
  useRead<SearchLog>(`/v1/policies/${segment(id)}/searches${query({ days, sort })}`, { every: EVERY });
