import type { Json } from '#experiments';
import { LEAST_PROPENSITY } from './choice.js';
import type { DecisionRow, DecisionsStore } from './decisions.store.js';

/** One decision of a stack. */
export interface StackEntry {
  readonly id: string;
  readonly surface: string;
  /** As stored: a value, the id of an action, or [{id, propensity}]. */
  readonly chosen: Json;
  readonly propensity: number;
}

export interface DecisionStack {
  /** From the top of the page down to the decision itself. */
  readonly stack: readonly StackEntry[];
  /**
   * Probability of all of the stack's choices together, given the arms and contexts: the product of the propensities. Null
   * when a parent is unknown.
   */
  readonly jointPropensity: number | null;
}

/** Deepest stack that is followed; a page has few levels. */
const DEEPEST = 16;

/**
 * What a decision was made within, and the propensity of it all. A parent is unknown when it is not stored (yet, or any
 * longer), belongs to another unit, or is not older: ids come from clients, so nothing says that they name what they should.
 */
export async function stackOfDecision(
  decisions: Pick<DecisionsStore, 'find'>,
  row: DecisionRow,
): Promise<DecisionStack> {
  const rows = [row];
  let top = row;
  while (top.parent_id !== null && rows.length < DEEPEST) {
    const above = await decisions.find(top.parent_id);
    if (
      !above ||
      above.unit_id !== row.unit_id ||
      above.at > top.at ||
      rows.some(({ id }) => id === above.id)
    )
      break;
    rows.unshift(above);
    top = above;
  }
  const product = Math.max(
    rows.reduce((joint, { propensity }) => joint * propensity, 1),
    LEAST_PROPENSITY,
  );
  return {
    stack: rows.map(({ id, surface, chosen, propensity }) => ({ id, surface, chosen, propensity })),
    jointPropensity: row.joint_propensity ?? (top.parent_id === null ? product : null),
  };
}
