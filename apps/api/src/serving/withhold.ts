import { createRng, explorationSeed } from '#experiments';
import type { Slice, SurfaceKind } from '#experiments';
import type { Withhold } from '../persistence/withhold.js';
import { steadyPeriod } from './steady-seed.js';

/** The lot that a decision drew. */
export interface WithholdLot {
  readonly withheld: boolean;
  /** Probability of this lot: the share, or what is left of it. */
  readonly propensity: number;
}

export interface LotParts {
  readonly policyId: string;
  readonly unitId: string;
  readonly surface: string;
  readonly subject: string | null;
  /** What was chosen. */
  readonly action: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly decisionId: string;
}

/**
 * Draws whether what was chosen is shown. The lot belongs to unit, subject and action: a unit goes without a few of
 * the actions, not without the policy, and the same action is not withheld now and shown a minute later. It is drawn with a
 * seed of its own, so it does not depend on what else was drawn, on the snapshot or on the experiment.
 */
export function withholdLot({ share, steadyFor }: Withhold, parts: LotParts): WithholdLot {
  const { policyId, unitId, surface, subject, action, at, decisionId } = parts;
  const period = steadyPeriod(steadyFor, at, decisionId);
  const seed = explorationSeed('withhold', policyId, unitId, surface, subject ?? '', action, period);
  const withheld = createRng(seed).uniform() < share;
  return { withheld, propensity: withheld ? share : 1 - share };
}

/** Whether decisions of this kind draw lots. The analysis slice is served as everybody is to be served. */
export const withholds = (
  withhold: Withhold | null | undefined,
  kind: SurfaceKind,
  slice: Slice | undefined,
): withhold is Withhold => Boolean(withhold) && kind !== 'value' && slice !== 'analysis';
