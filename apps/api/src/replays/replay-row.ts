import { propensityOfSlate } from '#policies';
import type { Answering } from '../serving/answering.js';
import { draw } from '../serving/choice.js';
import { slateOf } from '../serving/decision-view.js';
import type { DecisionRow } from '../serving/decisions.store.js';
import { isSameChoice, lengthOf, requestOf } from '../serving/replay-decision.js';
import type { ReplayInputs, RequestFields } from '../serving/replay-decision.js';

/** A logged decision that a policy drew. */
export type LoggedDecision = RequestFields &
  Pick<DecisionRow, 'id' | 'surface' | 'kind' | 'chosen' | 'propensity' | 'seed' | 'slice'> & {
    readonly policy_version: number;
  };

export interface ReplayedDecision {
  readonly id: string;
  readonly at: string;
  readonly unitId: string;
  readonly surface: string;
  readonly subject: string | null;
  readonly kind: DecisionRow['kind'];
  /** Version that served it. */
  readonly version: number;
  /** Ids of the actions served, from the first position on, and the logged probability of exactly that. */
  readonly served: readonly string[];
  readonly propensity: number;
  /** What the candidate draws with the same seed, and the probability of exactly that. */
  readonly candidate: readonly string[];
  readonly candidatePropensity: number;
  /** Of what was served, under the candidate. */
  readonly probability: number;
  /** probability / propensity. */
  readonly weight: number;
  readonly same: boolean;
}

/** @throws whatever the policy throws; DomainError `invalid_distribution` when it breaks its contract. */
export function replayRow(
  row: LoggedDecision,
  { policy }: Answering,
  items: ReplayInputs['items'],
): ReplayedDecision {
  const request = requestOf(row, items);
  const kind = row.kind === 'slate' ? 'slate' : 'action';
  const again = draw(policy, kind, request, lengthOf(row), row.seed);
  const served = idsOf(row.chosen);
  const places = served.map((id) => row.candidates.indexOf(id));
  const probability =
    again.probabilities === null
      ? propensityOfSlate(policy.compiled, request, places, policy.exploration, policy.config.floor)
          .propensity
      : (again.probabilities[places[0] ?? -1] ?? 0);
  return {
    id: row.id,
    at: row.at.toISOString(),
    unitId: row.unit_id,
    surface: row.surface,
    subject: row.subject,
    kind: row.kind,
    version: row.policy_version,
    served,
    propensity: row.propensity,
    candidate: idsOf(again.chosen),
    candidatePropensity: again.propensity,
    probability,
    weight: Math.min(probability / row.propensity, Number.MAX_VALUE),
    same: isSameChoice(again.chosen, row.chosen),
  };
}

const idsOf = (chosen: DecisionRow['chosen']): string[] =>
  Array.isArray(chosen) ? slateOf(chosen).map(({ id }) => id) : [String(chosen)];
