import type { UseQueryResult } from '@tanstack/react-query';
import { query, segment } from './http.js';
import { useRead } from './queries.js';
import type { MeasuredIn } from './types.js';

export interface SwitchbackResult {
  control: { slots: number; mean: number };
  treatment: { slots: number; mean: number };
  estimate: number;
  standardError: number;
  lags: number;
  lower: number;
  upper: number;
  randomisationP: number;
  carryOver: { estimate: number; standardError: number; pValue: number; slots: number } | null;
}

export interface SwitchbackReport {
  slotMinutes: number;
  washOutMinutes: number;
  metric: string;
  title: string;
  measuredIn: MeasuredIn;
  baseline: string;
  asOf: string;
  level: number;
  draws: number;
  markets: number;
  slots: number;
  comparisons: {
    arm: string;
    result: SwitchbackResult | null;
    reason: string | null;
    warning: 'CARRY-OVER' | null;
  }[];
}

export const useSwitchback = (key: string, metric: string | null): UseQueryResult<SwitchbackReport> =>
  useRead<SwitchbackReport>(`/v1/experiments/${segment(key)}/report/switchback${query({ metric })}`, {
    keep: true,
  });
