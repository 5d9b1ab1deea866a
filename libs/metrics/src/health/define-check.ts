import type { HealthCheck, HealthFacts, HealthResult, HealthRow, WarningId } from '../contract.js';

/** What a check found; what is left out comes from its definition. */
export interface Finding {
  readonly status: HealthResult['status'];
  readonly explanation: string;
  readonly value?: number | null;
  readonly threshold?: number | null;
  readonly unitsAffected?: number | null;
  readonly firstSeen?: string | null;
  readonly rows?: readonly HealthRow[];
  /** Only a failing check blocks. */
  readonly blocks?: boolean;
  readonly warning?: WarningId;
  readonly arms?: readonly string[];
}

export interface CheckDefinition {
  readonly key: string;
  readonly title: string;
  readonly description: string;
  /** When it warns and when it fails, with the numbers, in one or two sentences. */
  readonly rule: string;
  readonly threshold?: number;
  /** Shown as a chip while it fires. */
  readonly warning?: WarningId;
  /** The most likely first. */
  readonly causes: readonly string[];
  readonly next: readonly string[];
  /** null: the facts it needs were not given. */
  judge(facts: HealthFacts): Finding | null;
}

const NOTHING = { value: null, unitsAffected: null, firstSeen: null, rows: [], blocks: false } as const;
/** A check that does not fire has nothing to explain. */
const QUIET = { blocks: false, likelyCauses: [], nextSteps: [], warning: null } as const;

/** A check from its rule and its judgement; causes, next steps and the warning are given only while it fires. */
export function defineCheck(definition: CheckDefinition): HealthCheck {
  const { key, title, description, rule, causes, next, judge } = definition;
  const defaults = {
    ...NOTHING,
    threshold: definition.threshold ?? null,
    warning: definition.warning ?? null,
  };
  const check = (facts: HealthFacts): HealthResult | null => {
    const found = judge(facts);
    if (!found) return null;
    const result = { key, title, rule, likelyCauses: causes, nextSteps: next, ...defaults, ...found };
    if (found.status === 'fail') return result;
    if (found.status === 'warn') return { ...result, blocks: false };
    return { ...result, ...QUIET };
  };
  return { key, title, description, check };
}

/** A share of the whole, 0 of nothing. */
export const shareOf = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);

/** "1 unit", "2 units", with thousands separated. */
export function units(n: number, noun = 'unit'): string {
  return `${Math.round(n).toLocaleString('en-US')} ${noun}${Math.round(n) === 1 ? '' : 's'}`;
}

/** The entry with the largest `by`; undefined of an empty list. */
export function worstOf<T>(list: readonly T[], by: (entry: T) => number): T | undefined {
  return list.reduce<T | undefined>(
    (worst, entry) => (worst === undefined || by(entry) > by(worst) ? entry : worst),
    undefined,
  );
}
