import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { UseQueryResult } from '@tanstack/react-query';
import { query, request, segment } from './http.js';
import type { PowerPlan, PowerRequest } from './types-power.js';
import type {
  ApiKey,
  AuditEntry,
  Catalog,
  Decision,
  DecisionDetail,
  Experiment,
  ExperimentRow,
  Forecast,
  Operations,
  Page,
  Phase,
  Policy,
  PolicyAction,
  PolicyAllocation,
  QuarantinedEvent,
  Report,
  ReportSeries,
  Retention,
  RetentionKind,
  ServedEvent,
  Snapshot,
  Surface,
  Survival,
  TrainingRun,
} from './types.js';
import type { Layer } from './types-layers.js';
import type { ActionValues } from './types-operations.js';
import type { Metric, MetricDetail } from './types-metrics.js';

/** Milliseconds between refreshes; a hidden tab does not poll. */
const EVERY = { live: 2_000, operations: 5_000, page: 15_000, report: 30_000 } as const;

interface ReadOptions {
  every?: number;
  enabled?: boolean;
  /** Shows the answer to the last path while the next one loads; only where both mean the same thing. */
  keep?: boolean;
}

/** Reads a path; its own address is the cache key, so a write invalidates by prefix (see mutations.ts). */
export function useRead<T>(path: string, options: ReadOptions = {}): UseQueryResult<T> {
  return useQuery({
    queryKey: [path],
    queryFn: ({ signal }) => request<T>(path, { signal }),
    ...(options.keep === true ? { placeholderData: keepPreviousData } : {}),
    ...(options.every === undefined ? {} : { refetchInterval: options.every }),
    ...(options.enabled === undefined ? {} : { enabled: options.enabled }),
  });
}

export const useCatalog = () => useRead<Catalog>('/v1/catalog');
export const useMetrics = (archived: boolean) =>
  useRead<Page<Metric>>(`/v1/metrics${query({ archived: archived ? true : null })}`, { keep: true });
export const useMetric = (key: string) => useRead<MetricDetail>(`/v1/metrics/${segment(key)}`);
export const useSurfaces = () => useRead<Page<Surface>>('/v1/surfaces');
export const useLayers = () => useRead<Page<Layer>>('/v1/layers');
export const useExperiments = () =>
  useRead<Page<ExperimentRow>>('/v1/experiments?limit=500', { every: EVERY.page });
export const useExperiment = (key: string) =>
  useRead<Experiment>(`/v1/experiments/${segment(key)}`, { every: EVERY.page });
export const usePhases = (key: string) => useRead<Page<Phase>>(`/v1/experiments/${segment(key)}/phases`);

export interface ReportChoice {
  estimator: string | null;
  segment: string | null;
  /** Days that every unit must have behind it. */
  maturity?: string | null;
  /** A past day: the report as it stood at its end. */
  asOf?: string | null;
  settings: ReportSettings;
}

/** How a report is computed beside its estimator; null: the API's own choice. */
export type ReportSettings = Record<ReportSetting, string | null>;
export type ReportSetting =
  'alpha' | 'multiplicity' | 'family' | 'guardrailTest' | 'looks' | 'spending' | 'priorLiftSd';

/** The parameters of a report, or of a file of it. */
export function reportParams({ settings, ...rest }: ReportChoice): Record<string, string | null> {
  return { ...rest, ...settings };
}

export function useReport(key: string, choice: ReportChoice): UseQueryResult<Report> {
  const params = query(reportParams(choice));
  return useRead<Report>(`/v1/experiments/${segment(key)}/report${params}`, {
    every: EVERY.report,
    keep: true,
  });
}

export function useReportSeries(
  key: string,
  metric: string,
  estimator: string | null,
  settings: Partial<ReportSettings> = {},
): UseQueryResult<ReportSeries> {
  const path = `/v1/experiments/${segment(key)}/report/series${query({ metric, estimator, ...settings })}`;
  return useRead<ReportSeries>(path, { every: EVERY.report, keep: true });
}

export const useRetention = (key: string, kind: RetentionKind) =>
  useRead<Retention>(`/v1/experiments/${segment(key)}/report/retention${query({ kind })}`, {
    every: EVERY.report,
  });
export const useSurvival = (key: string, event: string) =>
  useRead<Survival>(`/v1/experiments/${segment(key)}/survival${query({ event })}`, { every: EVERY.report });
/** Not read again by itself: the past behind it changes by the day. */
export const useForecast = (key: string, day: number) =>
  useRead<Forecast>(`/v1/experiments/${segment(key)}/forecast${query({ day })}`);

export const usePolicies = () => useRead<Page<Policy>>('/v1/policies', { every: EVERY.page });
export const usePolicy = (id: string) =>
  useRead<Policy>(`/v1/policies/${segment(id)}`, { every: EVERY.page });
export const useSnapshots = (id: string) =>
  useRead<Page<Snapshot>>(`/v1/policies/${segment(id)}/snapshots`, { every: EVERY.page });
export const useAllocation = (id: string, hours: number, bucket: 'hour' | 'day', subject: string | null) =>
  useRead<PolicyAllocation>(`/v1/policies/${segment(id)}/allocation${query({ hours, bucket, subject })}`, {
    every: EVERY.page,
  });
export const usePolicyActions = (id: string, subject: string | null) =>
  useRead<Page<PolicyAction>>(`/v1/policies/${segment(id)}/actions${query({ subject })}`, {
    every: EVERY.page,
  });
/** Reads up to 100,000 decisions: only when asked. */
export const usePolicyActionValues = (id: string, subject: string | null) =>
  useRead<ActionValues>(`/v1/policies/${segment(id)}/action-values${query({ subject })}`);
export const useTrainingRuns = (id: string, enabled: boolean) =>
  useRead<Page<TrainingRun>>(`/v1/policies/${segment(id)}/training-runs`, {
    every: EVERY.operations,
    enabled,
  });

export interface DecisionFilter {
  unitId?: string | null;
  experiment?: string | null;
  limit?: number;
}

export const useDecisions = (filter: DecisionFilter, live: boolean) =>
  useRead<Page<Decision>>(`/v1/decisions${query({ limit: 50, ...filter })}`, {
    keep: true,
    ...(live ? { every: EVERY.live } : {}),
  });
export const useEvents = (filter: { unitId?: string | null; limit?: number }, live: boolean) =>
  useRead<Page<ServedEvent>>(`/v1/events${query({ limit: 50, ...filter })}`, {
    keep: true,
    ...(live ? { every: EVERY.live } : {}),
  });
export const useDecision = (id: string) => useRead<DecisionDetail>(`/v1/decisions/${segment(id)}`);

export const useOperations = () => useRead<Operations>('/v1/operations', { every: EVERY.operations });
export const useQuarantine = () =>
  useRead<Page<QuarantinedEvent>>('/v1/quarantine', { every: EVERY.operations });
export const useKeys = () => useRead<Page<ApiKey>>('/v1/keys');
export const useAudit = () => useRead<Page<AuditEntry>>('/v1/audit?limit=200', { every: EVERY.page });

/** Size and duration of an experiment that is being designed; a POST, because a design is a body. */
export function usePowerPlan(body: PowerRequest | null): UseQueryResult<PowerPlan> {
  return useQuery({
    queryKey: ['/v1/power', body],
    queryFn: ({ signal }) => request<PowerPlan>('/v1/power', { method: 'POST', body, signal }),
    enabled: body !== null,
    placeholderData: keepPreviousData,
  });
}
