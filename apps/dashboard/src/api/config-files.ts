import type { UseQueryResult } from '@tanstack/react-query';
import { useOverride } from './override.js';
import { useRead } from './queries.js';
import type { Page } from './types.js';

export type ManagedKind =
  'unitType' | 'layer' | 'surface' | 'metric' | 'unitList' | 'segment' | 'policy' | 'holdout' | 'experiment';
/** What files may leave to people. */
export type ManagedPart = 'schedule' | 'guardrails' | 'assignmentRules' | 'ids';

/** Something that is changed in files, and not here. */
export interface Managed {
  kind: ManagedKind;
  key: string;
  repository: string | null;
  path: string | null;
  revision: string | null;
  link: string | null;
  parts: readonly ManagedPart[];
  appliedBy: string;
  appliedAt: string;
}

export const useManaged = (): UseQueryResult<Page<Managed>> => useRead('/v1/config/managed');

/** Where its files are; null: in none, or nobody has told yet. */
export function useFilesOf(kind: ManagedKind, key: string): Managed | null {
  return useManaged().data?.items.find((one) => one.kind === kind && one.key === key) ?? null;
}

/**
 * Null: it is changed here, maybe past its files.
 * @param part of it, where files may leave that to people.
 */
export function useManagedBy(kind: ManagedKind, key: string, part?: ManagedPart): Managed | null {
  const files = useFilesOf(kind, key);
  const override = useOverride();
  if (part !== undefined && !files?.parts.includes(part)) return null;
  return override?.kind === kind && override.key === key ? null : files;
}
