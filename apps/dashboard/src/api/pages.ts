import { useQuery } from '@tanstack/react-query';
import type { UseQueryResult } from '@tanstack/react-query';
import { query, request, segment } from './http.js';
import type { UsedItem } from './members.js';
import { useRead } from './queries.js';
import type { Json, Page } from './types.js';

export type PageLevel = 'rows' | 'titles' | 'artwork';

/** Where the titles of a kind of row come from. */
export interface RowSource {
  /** Null: all rows that no source above is for. */
  rows: { feature: string; value: string } | null;
  from: 'all' | 'match' | 'context' | 'alike' | 'newest';
  feature?: string;
  of?: string;
  attribute?: string;
}

/** A row at a place of the page, or a title at a place of a row, until a date. */
export interface PagePin {
  row: string;
  title: string | null;
  position: number;
  until: string;
  reason?: string;
}

export interface PageLayout {
  rows: { surface: string; limit: number };
  titles: { surface: string; limit: number; candidates: number; least: number };
  artwork: { surface: string; places: number } | null;
  unique: boolean;
  filters: Record<string, Json> | null;
  sources: RowSource[];
  pins: PagePin[];
}

export interface PageConfig {
  key: string;
  title: string;
  layout: PageLayout;
  /** What If-Match names; 0: not there yet. */
  revision: number;
}

/** An item of the catalogue as it is registered. */
export interface Item {
  id: string;
  kind: string;
  subject: string | null;
  title: string;
  features: Record<string, Json>;
  available: boolean;
  position: number;
}

export const pagePath = (key: string): string => `/v1/pages/${segment(key)}`;
/** @param enabled false: nothing is read until it is asked for. */
export const usePage = (key: string, enabled = true) => useRead<PageConfig>(pagePath(key), { enabled });
/** Items that a surface chooses from; none are asked for without a kind. */
export const useItemsOfKind = (kind: string | null) =>
  useRead<Page<Item>>(`/v1/items${query({ kind, limit: 1000 })}`, { enabled: kind !== null });
export const usePages = () => useRead<Page<PageConfig>>('/v1/pages');

export interface PageQuestion {
  page: string;
  /** One that is not saved; absent: that of the page. */
  layout?: PageLayout;
  unitId?: string;
  context: Record<string, Json>;
  sides: Record<PageLevel, string | null>[];
}

export interface PreviewedTitle {
  id: string;
  title: string;
  pinned: boolean;
  features: Record<string, Json>;
  score: number | null;
  propensity: number;
  because: { id: string; title: string; share: number }[];
  artwork: { id: string; title: string; features: Record<string, Json>; propensity: number } | null;
}

export interface PreviewedRow {
  id: string;
  title: string;
  pinned: boolean;
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
  const path = `${pagePath(question?.page ?? '')}/preview`;
  const { page: _page, ...body } = question ?? { page: '' };
  return useQuery({
    queryKey: [path, body],
    queryFn: ({ signal }) => request<PagePreview>(path, { method: 'POST', body, signal }),
    enabled: question !== null,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
}
