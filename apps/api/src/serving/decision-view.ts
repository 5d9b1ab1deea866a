import type { Json } from '#experiments';
import type { ShadowRecord } from '../queues/jobs.js';
import type { SlateEntry } from './choice.js';
import type { DecisionRow, EventRow } from './decisions.store.js';

/** A decision as the API shows it. */
export interface DecisionView {
  readonly id: string;
  readonly at: string;
  readonly unitId: string;
  readonly unitType: string;
  readonly surface: string;
  readonly subject: string | null;
  readonly experiment: string | null;
  readonly arm: string | null;
  readonly phase: number | null;
  readonly kind: 'value' | 'action' | 'slate';
  readonly value: Json;
  readonly action: string | null;
  readonly slate: readonly SlateEntry[] | null;
  readonly propensity: number;
  readonly armPropensity: number;
  readonly policy: { readonly id: string; readonly key: string; readonly version: number } | null;
  readonly candidates: readonly string[];
  readonly probabilities: readonly number[] | null;
  readonly context: Readonly<Record<string, unknown>>;
  readonly seed: string;
  readonly reason: string;
  readonly fallback: string | null;
  readonly holdout: string | null;
  readonly exposed: boolean;
  readonly latencyMicros: number | null;
  /** What the decision was for besides serving; null for an ordinary one, which is learned from. */
  readonly slice: 'exploration' | 'analysis' | null;
  /** What the policy's shadow would have done; null without one. */
  readonly shadow: ShadowRecord | null;
  /** True: `action`, or something of `slate`, was chosen and not shown; null where no lot was drawn. */
  readonly withheld: boolean | null;
  /** Probability of being withheld, or of being shown; of a slate that of all its lots together. */
  readonly withholdPropensity: number | null;
  /** The decision that this one was made within; null for one that stands alone. */
  readonly parentId: string | null;
}

export function viewOf(row: DecisionRow): DecisionView {
  const { kind, chosen } = row;
  return {
    id: row.id,
    at: row.at.toISOString(),
    unitId: row.unit_id,
    unitType: row.unit_type,
    surface: row.surface,
    subject: row.subject,
    experiment: row.experiment,
    arm: row.arm,
    phase: row.phase,
    kind,
    value: kind === 'value' ? chosen : null,
    action: kind === 'action' ? (chosen as string | null) : null,
    slate: kind === 'slate' ? slateOf(chosen) : null,
    propensity: row.propensity,
    armPropensity: row.arm_propensity,
    policy: policyOf(row),
    candidates: row.candidates,
    probabilities: row.probabilities,
    context: row.context,
    seed: row.seed,
    reason: row.reason,
    fallback: row.fallback,
    holdout: row.holdout,
    exposed: row.exposed,
    latencyMicros: row.latency_micros,
    slice: row.slice,
    shadow: row.shadow,
    withheld: row.withheld,
    withholdPropensity: row.withhold_propensity,
    parentId: row.parent_id,
  };
}

const policyOf = (row: DecisionRow): DecisionView['policy'] =>
  row.policy_id === null || row.policy_key === null || row.policy_version === null
    ? null
    : { id: row.policy_id, key: row.policy_key, version: row.policy_version };

export const slateOf = (chosen: Json): readonly SlateEntry[] =>
  Array.isArray(chosen) ? (chosen as unknown as readonly SlateEntry[]) : [];

export interface EventView {
  readonly id: string;
  readonly kind: 'exposure' | 'outcome';
  readonly unitId: string;
  readonly at: string;
  readonly receivedAt: string;
  readonly decisionId: string | null;
  readonly name: string | null;
  readonly value: number | null;
  readonly actionId: string | null;
  readonly itemId: string | null;
  readonly position: number | null;
  readonly properties: Json;
}

export const eventViewOf = (row: EventRow): EventView => ({
  id: row.id,
  kind: row.kind,
  unitId: row.unit_id,
  at: row.at.toISOString(),
  receivedAt: row.received_at.toISOString(),
  decisionId: row.decision_id,
  name: row.name,
  value: row.value,
  actionId: row.action_id,
  itemId: row.item_id,
  position: row.position,
  properties: row.properties,
});
