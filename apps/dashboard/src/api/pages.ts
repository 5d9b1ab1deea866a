import { useQuery } from '@tanstack/react-query';
import type { UseQueryResult } from '@tanstack/react-query';
import { request, segment } from './http.js';
import type { UsedItem } from './members.js';
import { useRead } from './queries.js';
import type { Json, Page } from './types.js';

export type PageLevel = 'rows' | 'titles' | 'artwork';

export interface PageConfig {
  key: string;
  title: string;
  layout: {
    rows: { surface: string; limit: number };
    titles: { surface: string; limit: number; candidates: number; least: number };
    artwork: { surface: string; places: number } | null;
    unique: boolean;
    filters: Record<string, Json> | null;
    sources: {
      rows: { feature: string; value: string } | null;
      from: string;
      feature?: string;
      attribute?: string;
    }[];
  };
}

export const usePages = () => useRead<Page<PageConfig>>('/v1/pages');

export interface PageQuestion {
  page: string;
  unitId?: string;
  context: Record<string, Json>;
  sides: Record<PageLevel, string | null>[];
}

export interface PreviewedTitle {
  id: string;
  title: string;
  features: Record<string, Json>;
  score: number | null;
  propensity: number;
  because: { id: string; title: string; share: number }[];
  artwork: { id: string; title: string; features: Record<string, Json>; propensity: number } | null;
}

export interface PreviewedRow {
  id: string;
  title: string;
  features: Record<string, Json>;
  score: number | null;
  propensity: number;
  candidates: number;
  titles: PreviewedTitle[];
  error: string | null;
}

export interface PagePreviewSide {
  policies: Record<PageLevel, { id: string; title: string; key: string; version: number } | null>;
  history: UsedItem[];
  historySource: 'request' | 'outcomes' | 'none' | 'given';
  rows: PreviewedRow[];
  propensity: number;
  error: string | null;
}

export interface PagePreview {
  page: { key: string; title: string };
  unitId: string | null;
  at: string;
  context: Record<string, Json>;
  sides: PagePreviewSide[];
  comparison: {
    rows: { common: number; samePlace: number };
    titles: { common: number; overlap: number; samePlace: number };
    artwork: { common: number; same: number };
  } | null;
}

/** Every look is audited, so nothing is asked again by itself. Null asks nothing. */
export function usePagePreview(question: PageQuestion | null): UseQueryResult<PagePreview> {
  const path = `/v1/pages/${segment(question?.page ?? '')}/preview`;
  const { page: _page, ...body } = question ?? { page: '' };
  return useQuery({
    queryKey: [path, body],
    queryFn: ({ signal }) => request<PagePreview>(path, { method: 'POST', body, signal }),
    enabled: question !== null,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
}
