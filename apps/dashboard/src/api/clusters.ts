import type { UseQueryResult } from '@tanstack/react-query';
import { segment } from './http.js';
import { useRead } from './queries.js';

export interface ClusterComparison {
  metric: string;
  title: string;
  arm: string;
  control: string;
  reason: string | null;
  /** How many times as large the variance is as for units that were assigned by themselves. */
  designEffect: number | null;
  controlArm: { clusters: number };
  treatmentArm: { clusters: number };
}

export interface ClusterReport {
  clusterBy: string;
  units: number;
  clusters: number;
  meanSize: number | null;
  largestSize: number | null;
  unitsWithoutCluster: number;
  comparisons: ClusterComparison[];
  withoutForm: { metric: string; title: string }[];
}

/** Not read again by itself: sizes and design effects change by the day. */
export const useClusters = (key: string): UseQueryResult<ClusterReport> =>
  useRead<ClusterReport>(`/v1/experiments/${segment(key)}/report/clusters`);
