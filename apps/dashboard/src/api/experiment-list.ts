import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { query, request, segment } from './http.js';
import { useRead } from './queries.js';
import type { ExperimentRow, Page } from './types.js';

/** What the list can be narrowed to and ordered by; names are those of the address and of the API. */
export const LIST_FIELDS = [
  'text',
  'status',
  'surface',
  'layer',
  'tag',
  'owner',
  'metric',
  'policyKind',
  'unitType',
  'managed',
  'sort',
  'order',
] as const;
export type ListField = (typeof LIST_FIELDS)[number];
/** Empty or absent: not narrowed. */
export type ListQuery = Partial<Record<ListField, string>>;

interface ListPage extends Page<ExperimentRow> {
  total: number;
}

export interface ExperimentList {
  rows: ExperimentRow[];
  /** How many match, loaded or not. */
  total: number;
}

/** Rows per request. */
const PAGE = 50;

/** Matching experiments, page by page. */
export const useExperimentList = (asked: ListQuery, enabled: boolean) =>
  useInfiniteQuery({
    queryKey: [`/v1/experiments${query({ ...asked, limit: PAGE })}`, 'pages'],
    queryFn: ({ signal, pageParam }) =>
      request<ListPage>(`/v1/experiments${query({ ...asked, limit: PAGE, cursor: pageParam })}`, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }: ListPage) => nextCursor,
    select: ({ pages }): ExperimentList => ({
      rows: pages.flatMap(({ items }) => items),
      total: pages[0]?.total ?? 0,
    }),
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
    enabled,
  });

export interface Facet {
  value: string;
  count: number;
}
export type FacetField = Exclude<ListField, 'text' | 'sort' | 'order'>;
export type Facets = Record<FacetField, Facet[]>;

export const useFacets = () => useRead<Facets>('/v1/experiment-facets', { every: 60_000 });

/** A filter and order under a name; answer of `GET /v1/experiment-views`. */
export interface SavedView {
  id: string;
  name: string;
  shared: boolean;
  /** Opens first: for everybody where it is shared. */
  isDefault: boolean;
  query: ListQuery;
  createdBy: string;
  updatedAt: string;
}

export const VIEWS_PATH = '/v1/experiment-views';
export const viewPath = (id: string): string => `${VIEWS_PATH}/${segment(id)}`;
export const useViews = () => useRead<Page<SavedView>>(VIEWS_PATH);
