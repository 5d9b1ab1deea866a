import { useQuery } from '@tanstack/react-query';
import type { UseQueryResult } from '@tanstack/react-query';
import { ApiError, query, request, segment } from './http.js';
import type { Json, SurfaceKind } from './types.js';

export interface UsedItem {
  id: string;
  title: string;
  features: Record<string, Json>;
  at: string | null;
  outcome: string | null;
}

export interface PreviewQuestion {
  surface: string;
  subject: string | null;
  unitId?: string;
  context: Record<string, Json>;
  /** ISO time of the request; absent: now. */
  at?: string;
  limit: number;
  policies: { policyId: string }[];
}

export interface PreviewItem {
  id: string;
  title: string;
  features: Record<string, Json>;
  position: number;
  score: number | null;
  probability: number;
  propensity: number | null;
}

export interface PreviewSide {
  policy: { id: string; title: string; key: string; version: number };
  historySource: 'request' | 'outcomes' | 'none' | 'given';
  history: UsedItem[];
  items: PreviewItem[];
  error: string | null;
}

export interface Preview {
  surface: { key: string; title: string; kind: SurfaceKind };
  subject: string | null;
  unitId: string | null;
  at: string;
  context: Record<string, Json>;
  candidates: number;
  sides: PreviewSide[];
  comparison: { common: number; overlap: number; samePlace: number } | null;
}

/** Every look is audited, so nothing is asked again by itself. Null asks nothing. */
export function usePreview(question: PreviewQuestion | null): UseQueryResult<Preview> {
  const path = '/v1/previews';
  return useQuery({
    queryKey: [path, question],
    queryFn: ({ signal }) => request<Preview>(path, { method: 'POST', body: question, signal }),
    enabled: question !== null,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
}

export interface MemberProfile {
  unitId: string;
  personalised: boolean;
  since: string | null;
  erasedAt: string | null;
  /** Consents that were taken back. */
  withdrawn: { feature: string; since: string }[];
  newestRequest: { at: string; context: Record<string, Json> } | null;
  history: { source: 'request' | 'outcomes' | 'none'; items: UsedItem[] };
  feature: string;
  mix: { value: string; items: number; share: number }[];
  believed: {
    policy: { id: string; title: string; key: string; version: number };
    historySource: 'request' | 'outcomes' | 'none';
    items: {
      id: string;
      title: string;
      score: number;
      because: { id: string; title: string; drop: number; share: number }[];
    }[];
    candidates: number;
    error: string | null;
  }[];
}

/** Every look is audited, so it is not refreshed by itself. */
export function useMemberProfile(unitId: string, feature: string): UseQueryResult<MemberProfile> {
  const path = `/v1/units/${segment(unitId)}/profile`;
  return useQuery({
    queryKey: [path, feature],
    queryFn: ({ signal }) => request<MemberProfile>(`${path}${query({ feature })}`, { signal }),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
}

export interface NextSession {
  unitId: string;
  at: string;
  policy: { id: string; title: string; version: number };
  forecast: {
    visits: number;
    lastVisitAt: number | null;
    utcOffsetMinutes: number | null;
    within: { hours: number; probability: number }[];
    horizonHours: number;
    meanHours: number;
    quantiles: { probability: number; at: number | null }[];
    hourly: number[];
  } | null;
  prefetch: { id: string; title: string; probability: number; size: number | null }[];
  candidates: number;
}

/** Audited like a profile. */
export function useNextSession(unitId: string): UseQueryResult<NextSession> {
  const path = `/v1/units/${segment(unitId)}/next-session`;
  return useQuery({
    queryKey: [path],
    queryFn: ({ signal }) => request<NextSession>(path, { signal }),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    // Without a policy that foresees visits there is nothing to wait for.
    retry: (failures, error) => !(error instanceof ApiError && error.status === 404) && failures < 1,
  });
}
