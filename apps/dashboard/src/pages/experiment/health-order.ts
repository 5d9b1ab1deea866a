import type { HealthResult } from '../../api/types.js';

const SEVERITY = { fail: 0, warn: 1, unknown: 2, pass: 3 } as const;

const rank = (check: HealthResult): number =>
  (check.blocks ? -1 : SEVERITY[check.status]) + (check.muted === null || check.blocks ? 0 : 1.5);

/** What blocks first, then failing, warning, unknown; muted ones behind the others. */
export function bySeverity(a: HealthResult, b: HealthResult): number {
  return rank(a) - rank(b);
}

export const isFiring = ({ status }: HealthResult): boolean => status === 'fail' || status === 'warn';
