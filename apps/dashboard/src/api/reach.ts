import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { UseQueryResult } from '@tanstack/react-query';
import { request } from './http.js';
import type { Condition } from './types.js';

/** A further layer, with a share of it; neither share nor range: its largest free part. */
export interface WantedLayer {
  layer: string;
  share?: number;
  range?: [number, number];
}

/** Body of `POST /v1/reach`. */
export interface ReachRequest {
  /** The experiment that is changed; absent: a new one. */
  experiment?: string;
  surface: string;
  unitType: string;
  clusterBy: string | null;
  switchback: { slotMinutes: number; timeZone?: string } | null;
  prerequisites: { experiment: string; arms: string[] }[];
  /** Null: a layer of its own. */
  layer: string | null;
  otherLayers: WantedLayer[];
  traffic: number;
  targeting: Condition | null;
  tags: string[];
}

export type ReachStep = 'asked' | 'targeting' | 'free' | 'layer' | 'prerequisite' | 'traffic';

/** How many units a design would reach, by the requests of the past. */
export interface Reach {
  status: 'ok' | 'no-history' | 'too-much';
  unitType: string;
  window: { days: number; from: string | null; to: string };
  sample: { requests: number; share: number };
  perDay: { mean: number; low: number; high: number } | null;
  share: number | null;
  days: { from: string; asked: number; reached: number }[];
  steps: { step: ReachStep; units: number }[];
  withoutUnit: number;
  attributes: { name: string; share: number }[];
  known: string[];
  unknown: string[];
}

/** A POST, because a design is a body; the last answer stays while the next one loads. */
export function useReach(body: ReachRequest | null): UseQueryResult<Reach> {
  return useQuery({
    queryKey: ['/v1/reach', body],
    queryFn: ({ signal }) => request<Reach>('/v1/reach', { method: 'POST', body, signal }),
    enabled: body !== null,
    // A design that is not whole has no count, not that of what it was before.
    ...(body === null ? {} : { placeholderData: keepPreviousData }),
    retry: false,
  });
}
