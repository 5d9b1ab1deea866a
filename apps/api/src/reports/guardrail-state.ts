import type { HealthResult } from '#metrics';

/** Checks that a ramp waits for. */
const WATCHED: ReadonlySet<string> = new Set([
  'sample-ratio',
  'left-out',
  'crossover',
  'guardrail',
  'event-rates',
]);

/**
 * What a ramp asks of a report: `harmed` where a guardrail, a harmful event, the split or the units' arms are not as they
 * should be; a guardrail that is clearly worse counts, even if it may be within its margin. `unknown` while the split
 * cannot be judged.
 */
export function guardrailState(
  health: readonly Pick<HealthResult, 'key' | 'status'>[],
): 'fine' | 'harmed' | 'unknown' {
  const watched = health.filter(({ key }) => WATCHED.has(key));
  const bad = ({ key, status }: Pick<HealthResult, 'key' | 'status'>): boolean =>
    status === 'fail' || (status === 'warn' && key === 'guardrail');
  if (watched.some(bad)) return 'harmed';
  const split = watched.find(({ key }) => key === 'sample-ratio');
  return split === undefined || split.status === 'unknown' ? 'unknown' : 'fine';
}
