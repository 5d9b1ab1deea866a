import type { UseQueryResult } from '@tanstack/react-query';
import { useRead } from './queries.js';
import type { Page } from './types.js';

export type ManagedKind = 'unitType' | 'layer' | 'surface' | 'metric' | 'segment' | 'policy' | 'experiment';

/** Something that is changed in files, and not here. */
export interface Managed {
  kind: ManagedKind;
  key: string;
  repository: string | null;
  path: string | null;
  revision: string | null;
  link: string | null;
  appliedBy: string;
  appliedAt: string;
}

export const useManaged = (): UseQueryResult<Page<Managed>> => useRead('/v1/config/managed');

/** Null: it is changed here, or nobody has told yet. */
export function useManagedBy(kind: ManagedKind, key: string): Managed | null {
  return useManaged().data?.items.find((one) => one.kind === kind && one.key === key) ?? null;
}
