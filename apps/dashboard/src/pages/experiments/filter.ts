import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';
import type { ExperimentRow, ExperimentStatus } from '../../api/types.js';

export interface FilterValue {
  text: string;
  status: string;
  surface: string;
  owner: string;
}

export interface Filter {
  value: FilterValue;
  set: (name: keyof FilterValue, value: string) => void;
  clear: () => void;
  active: boolean;
}

const NAMES = ['text', 'status', 'surface', 'owner'] as const;

/** The list's filter, kept in the address. */
export function useFilter(): Filter {
  const [params, setParams] = useSearchParams();
  const value = useMemo<FilterValue>(
    () => ({
      text: params.get('text') ?? '',
      status: params.get('status') ?? '',
      surface: params.get('surface') ?? '',
      owner: params.get('owner') ?? '',
    }),
    [params],
  );
  const set = useCallback(
    (name: keyof FilterValue, next: string) =>
      setParams(
        (current) => {
          const changed = new URLSearchParams(current);
          if (next === '') changed.delete(name);
          else changed.set(name, next);
          return changed;
        },
        { replace: true },
      ),
    [setParams],
  );
  const clear = useCallback(() => setParams({}, { replace: true }), [setParams]);
  return { value, set, clear, active: NAMES.some((name) => value[name] !== '') };
}

const ORDER: Record<ExperimentStatus, number> = {
  running: 0,
  paused: 1,
  scheduled: 2,
  draft: 3,
  stopped: 4,
  shipped: 5,
  archived: 6,
};

function matches(row: ExperimentRow, filter: FilterValue): boolean {
  const text = `${row.title} ${row.key} ${row.tags.join(' ')}`.toLowerCase();
  // Archived experiments show only when they are asked for.
  if (filter.status === '' && row.status === 'archived') return false;
  return (
    text.includes(filter.text.trim().toLowerCase()) &&
    (filter.status === '' || row.status === filter.status) &&
    (filter.surface === '' || row.surface === filter.surface) &&
    (filter.owner === '' || row.owner === filter.owner)
  );
}

/** Matching rows: running ones first, then by the latest start or change. */
export function applyFilter(rows: readonly ExperimentRow[], filter: FilterValue): ExperimentRow[] {
  const latest = (row: ExperimentRow): string => row.startedAt ?? row.updatedAt;
  return rows
    .filter((row) => matches(row, filter))
    .sort((a, b) => ORDER[a.status] - ORDER[b.status] || latest(b).localeCompare(latest(a)));
}
