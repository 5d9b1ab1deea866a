import type { SurfaceKind } from '#experiments';
import type { CompiledPolicy, DecisionRequest, NextSession } from '#policies';

/** What an answer says of the next visit: enough to time something by, without the hours one by one. */
export type ServedNextSession = Pick<NextSession, 'within' | 'quantiles' | 'meanHours' | 'horizonHours'>;

/**
 * When the unit comes back, where the policy that ordered the slate foresees it.
 * @param known false for a unit that policies may not know: nothing is foreseen of it.
 */
export function nextSessionOf(
  kind: SurfaceKind,
  compiled: CompiledPolicy,
  request: DecisionRequest,
  known: boolean,
): ServedNextSession | undefined {
  if (!known || kind !== 'slate' || compiled.decides !== 'slate' || !compiled.nextSession) return undefined;
  const { within, quantiles, meanHours, horizonHours } = compiled.nextSession(request);
  return { within, quantiles, meanHours, horizonHours };
}
