import { segment } from './http.js';
import { useRead } from './queries.js';
import type { Holdout, Json, Page } from './types.js';

/** What a change would do to units in an experiment; answer of `POST /v1/experiments/:key/preview`. */
export interface TrafficPreview {
  version: number;
  fields: {
    pointer: string;
    kind: 'nothing' | 'new-phase' | 'new-units' | 'blocked';
    prose: string;
    before: Json;
    after: Json;
  }[];
  possible: boolean;
  newPhase: boolean;
  existing: 'move' | 'keep';
  units: { inIt: number; touched: number | null; canKeep: boolean; mostKept: number };
  reach: { requests: number; before: number; after: number } | null;
}

export interface RampStep {
  traffic: number;
  at: string | null;
  afterMinutes: number;
  needs: 'time' | 'guardrails';
}

/** Dates, ramp and goals; answer of `GET /v1/experiments/:key/schedule`. */
export interface Schedule {
  startAt: string | null;
  endAt: string | null;
  atEnd: 'stop' | 'pause';
  ramp: RampStep[];
  stopWhen: { units: number | null; halfWidth: number | null };
  step: number;
  stepAt: string | null;
  note: string;
  failed: boolean;
  revision: number;
}

export const useSchedule = (key: string) =>
  useRead<Schedule>(`/v1/experiments/${segment(key)}/schedule`, { every: 15_000 });
export const useHoldouts = () => useRead<Page<Holdout>>('/v1/holdouts');
