import type { UseQueryResult } from '@tanstack/react-query';
import { query, segment } from './http.js';
import { useRead } from './queries.js';
import type { EventRates } from './types-rates.js';
import type { ReportSettings } from './queries.js';
import type { Distribution, Novelty, SegmentScan } from './types-units.js';

/** Reports that need every unit: the API keeps them for a minute, so asking more often brings nothing. */
const EVERY = 60_000;

/** @param settings of the report; corrections and guardrail tests do not concern the scan. */
export const useSegmentScan = (
  key: string,
  estimator: string | null,
  { alpha, looks, spending, priorLiftSd }: ReportSettings,
): UseQueryResult<SegmentScan> =>
  useRead<SegmentScan>(
    `/v1/experiments/${segment(key)}/segments/scan${query({ estimator, alpha, looks, spending, priorLiftSd })}`,
    { every: EVERY },
  );

export const useDistribution = (key: string, metric: string): UseQueryResult<Distribution> =>
  useRead<Distribution>(`/v1/experiments/${segment(key)}/distribution${query({ metric })}`);

export const useNovelty = (key: string, metric: string): UseQueryResult<Novelty> =>
  useRead<Novelty>(`/v1/experiments/${segment(key)}/novelty${query({ metric })}`, { every: EVERY });

export const useEventRates = (key: string, event: string | null): UseQueryResult<EventRates> =>
  useRead<EventRates>(`/v1/experiments/${segment(key)}/report/rates${query({ event })}`, { every: EVERY });
