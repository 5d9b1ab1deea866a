import type { UseQueryResult } from '@tanstack/react-query';
import { query, segment } from './http.js';
import { useRead } from './queries.js';
import type { Adjustments, Bayesian, Capping } from './types-methods.js';

/** How a report compares its arms, for the same comparison by other methods. */
export interface ComparedBy {
  estimator: string;
  alpha: number;
  /** What the report is narrowed to; these answers are about all units, as of now. */
  segment: unknown;
  maturity?: number | null;
  /** null: every unit was assigned by itself. */
  clusters: unknown;
}

const path = (key: string, what: string): string => `/v1/experiments/${segment(key)}/report/${what}`;

export const useAdjustments = (
  key: string,
  metric: string,
  { estimator, alpha }: ComparedBy,
  stratifyBy: string | null,
): UseQueryResult<Adjustments> =>
  useRead<Adjustments>(
    path(key, `adjustments${query({ metric, estimator, alpha: String(alpha), stratifyBy })}`),
  );

export const useCapping = (
  key: string,
  metric: string,
  { estimator, alpha }: ComparedBy,
): UseQueryResult<Capping> =>
  useRead<Capping>(path(key, `capping${query({ metric, estimator, alpha: String(alpha) })}`));

export const useBayesian = (key: string, metric: string, alpha: number): UseQueryResult<Bayesian> =>
  useRead<Bayesian>(path(key, `bayesian${query({ metric, alpha: String(alpha) })}`));
