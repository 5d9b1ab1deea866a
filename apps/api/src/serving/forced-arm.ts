import type { Assignment, AssignmentEngine } from '#experiments';
import type { Tester } from '../http/tester-token.js';

/** The arm that a tester asked for on a surface; null where they asked for none there. */
export function forcedFor(
  engine: Pick<AssignmentEngine, 'force'>,
  tester: Tester | undefined,
  surface: string,
): Assignment | null {
  if (!tester) return null;
  for (const [experiment, arm] of Object.entries(tester.arms)) {
    const forced = engine.force(surface, experiment, arm);
    if (forced) return forced;
  }
  return null;
}
