import type { Sql } from '../persistence/database.js';
import { widerRules } from './reward.js';
import type { LinkedEvent, RewardDefinition } from './reward.js';

interface UnitDecision {
  readonly id: string;
  readonly at: Date;
  readonly unit_id: string;
}

interface OutcomeRow {
  readonly id: string;
  readonly unit_id: string;
  readonly at: Date;
  readonly name: string;
  readonly value: number | null;
  readonly decision_id: string | null;
  readonly item_id: string | null;
}

const READ = `
select id, unit_id, at, name, value, decision_id, item_id from event
where unit_id = any($1) and kind = 'outcome' and name = any($2) and at > $3 and at <= $4`;

/**
 * Outcomes that count because of whose they are, or of whose and what about, not because of the decision that they name: a
 * member who comes back within a day does so after everything that was shown before. Reads nothing where the definition has no rule of that kind.
 * @param last latest time that may count for any of the decisions.
 */
export async function readUnitOutcomes(
  tx: Sql,
  reward: RewardDefinition,
  decisions: readonly UnitDecision[],
  last: Date,
): Promise<(decision: UnitDecision) => LinkedEvent[]> {
  const names = [...new Set(widerRules(reward).flatMap(({ name, of }) => (of === 'within' ? [] : [name])))];
  if (names.length === 0 || decisions.length === 0) return () => [];
  const first = new Date(Math.min(...decisions.map(({ at }) => at.getTime())));
  const units = [...new Set(decisions.map((decision) => decision.unit_id))];
  const rows = await tx.query<OutcomeRow & Record<string, unknown>>(READ, [units, names, first, last]);
  const byUnit = new Map<string, OutcomeRow[]>();
  for (const row of rows) {
    const list = byUnit.get(row.unit_id);
    if (list) list.push(row);
    else byUnit.set(row.unit_id, [row]);
  }
  return (decision) =>
    (byUnit.get(decision.unit_id) ?? [])
      .filter((row) => row.decision_id !== decision.id && row.at > decision.at)
      .map((row) => ({
        id: row.id,
        kind: 'outcome',
        at: row.at.getTime(),
        name: row.name,
        value: row.value,
        actionId: null,
        itemId: row.item_id,
        position: null,
        ofUnit: true,
      }));
}
