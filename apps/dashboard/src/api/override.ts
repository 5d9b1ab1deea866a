import { useSyncExternalStore } from 'react';
import type { ManagedKind } from './config-files.js';

/** Something that files manage and that is changed by hand all the same, and why. */
export interface Override {
  readonly kind: ManagedKind;
  readonly key: string;
  readonly reason: string;
}

const PATHS: Record<ManagedKind, string> = {
  unitType: '/v1/unit-types',
  layer: '/v1/layers',
  surface: '/v1/surfaces',
  metric: '/v1/metrics',
  unitList: '/v1/unit-lists',
  segment: '/v1/segments',
  policy: '/v1/policies',
  holdout: '/v1/holdouts',
  experiment: '/v1/experiments',
};

const listeners = new Set<() => void>();
/** Of this page until it is loaded again: a lock that somebody went past is not to stay open unseen. */
let current: Override | null = null;

export function setOverride(next: Override | null): void {
  current = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useOverride = (): Override | null => useSyncExternalStore(subscribe, () => current);

/** The reason that goes with a write to this path; null: none. */
export function overrideFor(path: string): string | null {
  if (current === null) return null;
  const own = `${PATHS[current.kind]}/${encodeURIComponent(current.key)}`;
  return path === own || path.startsWith(`${own}/`) ? current.reason : null;
}
