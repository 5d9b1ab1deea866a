import { query, segment } from './http.js';
import { useRead } from './queries.js';
import type { Json } from './types.js';

export interface ItemCoverage {
  id: string;
  kind: string;
  subject: string | null;
  title: string;
  available: boolean;
  features: number;
  variants: number;
  exposures: number;
  exposureShare: number | null;
  outcomes: number;
  units: number;
  lastOutcomeAt: string | null;
  cold: boolean;
}

export type DetailedItem = ItemCoverage & { values: Record<string, Json> };

export interface CoveragePage {
  from: string;
  coldBelow: number;
  kind: string | null;
  kinds: { kind: string; items: number }[];
  summary: {
    items: number;
    available: number;
    withFeatures: number;
    withOutcomes: number;
    cold: number;
    exposures: number;
    gini: number | null;
  };
  matching: number;
  items: ItemCoverage[];
  nextCursor: string | null;
}

export interface CoverageDetail {
  from: string;
  item: DetailedItem;
  variants: DetailedItem[];
  shownBy: { policyId: string; title: string; decisions: number }[];
}

export interface CoverageView {
  kind: string;
  days: string;
  search: string;
  show: string;
  sort: string;
  cursor: string;
}

/** Both read all facts of the days: not refreshed by themselves. */
export const useCoverage = (view: CoverageView) =>
  useRead<CoveragePage>(`/v1/item-coverage${query({ ...view })}`, { keep: true });
export const useItemCoverage = (id: string, days: string) =>
  useRead<CoverageDetail>(`/v1/item-coverage/${segment(id)}${query({ days })}`);
