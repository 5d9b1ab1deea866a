import type { ManagedKind } from '../access/managed.js';
import type { FieldError } from '../http/problem.js';
import type { TrafficEffect } from './kinds/kind.js';

export interface FieldDifference {
  /** JSON pointer below the thing. */
  readonly pointer: string;
  /** Null: not there. */
  readonly before: unknown;
  readonly after: unknown;
}

/** What a run does to one thing. */
export interface PlannedItem {
  readonly kind: ManagedKind;
  readonly key: string;
  /** Where the run's files have it; null for what is released. */
  readonly pointer: string | null;
  /** `release`: stays as it is, and may be changed by hand again. */
  readonly action: 'create' | 'change' | 'none' | 'refused' | 'release';
  /** Of what is there now; null: nothing. Send it with the apply. */
  readonly state: string | null;
  readonly changes: readonly FieldDifference[];
  readonly effect: readonly string[];
  /** Of experiments: who gets what before and after. */
  readonly traffic: TrafficEffect | null;
  /** Whether it is locked for the first time, or from another place than before. */
  readonly locks: boolean;
  readonly refused: readonly FieldError[];
}

export interface Plan {
  readonly summary: Readonly<Record<PlannedItem['action'], number>>;
  /** Nothing is refused. */
  readonly possible: boolean;
  readonly items: readonly PlannedItem[];
}

const ACTIONS = ['create', 'change', 'none', 'refused', 'release'] as const;

export function planOf(items: readonly PlannedItem[]): Plan {
  const count = (action: PlannedItem['action']): number =>
    items.filter((item) => item.action === action).length;
  return {
    summary: Object.fromEntries(ACTIONS.map((action) => [action, count(action)])) as Plan['summary'],
    possible: count('refused') === 0,
    items,
  };
}
