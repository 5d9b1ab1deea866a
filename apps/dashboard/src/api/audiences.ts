import type { UseQueryResult } from '@tanstack/react-query';
import { useRead } from './queries.js';
import type { Condition, Page } from './types.js';

export interface Segment {
  key: string;
  title: string;
  description: string;
  version: number;
  condition: Condition;
  updatedAt: string;
  usedBy: { experiment: string; title: string; status: string; version: number | null }[];
}

export interface UnitList {
  key: string;
  title: string;
  hashed: boolean;
  size: number;
  updatedAt: string;
  usedBy: { kind: 'experiment' | 'segment'; key: string }[];
}

export interface UnitType {
  key: string;
  title: string;
  contextField: string | null;
}

export const useSegments = (): UseQueryResult<Page<Segment>> => useRead('/v1/segments');
export const useUnitLists = (): UseQueryResult<Page<UnitList>> => useRead('/v1/unit-lists');
export const useUnitTypes = (): UseQueryResult<Page<UnitType>> => useRead('/v1/unit-types');
