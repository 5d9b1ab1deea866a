import type { Sql } from '../persistence/database.js';
import { widerRules } from './reward.js';
import type { LinkedEvent, RewardDefinition } from './reward.js';

interface Above {
  readonly id: string;
  readonly at: Date;
  readonly unit_id: string;
}

interface ChildRow {
  readonly id: string;
  readonly unit_id: string;
  readonly parent_id: string;
  readonly subject: string | null;
}

interface EventRow extends Omit<LinkedEvent, 'at' | 'within' | 'actionId'> {
  readonly decision_id: string;
  readonly at: Date;
}

const CHILDREN = `
select id, unit_id, parent_id, subject from decision
where unit_id = any($1) and at >= $2 and at <= $3 and parent_id is not null`;

const EVENTS = `
select decision_id, id, kind, at, name, value, item_id as "itemId", position from event
where decision_id = any($1) and at >= $2 and at <= $3`;

/** Clocks of clients run ahead and behind. */
const CLOCK_SKEW_MS = 86_400_000;

/**
 * What was said about decisions made within others: a title that is played in a row speaks for the row, the artwork for the
 * title and the row. Each event comes as one about the action of the upper decision that the lower one is about, its subject.
 * Reads nothing where the definition has no rule of that kind.
 * @param last latest time that may count for any of the decisions.
 */
export async function readWithinOutcomes(
  tx: Sql,
  reward: RewardDefinition,
  decisions: readonly Above[],
  last: Date,
): Promise<(decision: Above) => LinkedEvent[]> {
  if (decisions.length === 0 || !widerRules(reward).some(({ of }) => of === 'within')) return () => [];
  const first = Math.min(...decisions.map(({ at }) => at.getTime()));
  const units = [...new Set(decisions.map((decision) => decision.unit_id))];
  const children = grouped(
    await tx.query<ChildRow & Record<string, unknown>>(CHILDREN, [units, new Date(first), last]),
    ({ parent_id: parent }) => parent,
  );
  const within = new Map(decisions.map((decision) => [decision.id, belowOf(decision, children)]));
  const ids = [...new Set([...within.values()].flatMap((below) => [...below.keys()]))];
  const rows = await tx.query<EventRow & Record<string, unknown>>(EVENTS, [
    ids,
    new Date(first - CLOCK_SKEW_MS),
    last,
  ]);
  const events = grouped(rows, ({ decision_id: id }) => id);
  return ({ id }) =>
    [...(within.get(id) ?? [])].flatMap(([child, about]) =>
      (events.get(child) ?? []).map((event) => ({
        ...event,
        at: event.at.getTime(),
        actionId: about,
        within: true,
      })),
    );
}

/** Decisions below one, of the same unit, each with the action of the one that it goes back to. */
function belowOf(
  { id, unit_id: unit }: Above,
  children: ReadonlyMap<string, readonly ChildRow[]>,
): Map<string, string> {
  const below = new Map<string, string>();
  const visit = (parent: string, about: string | null): void => {
    for (const child of children.get(parent) ?? []) {
      const action = about ?? child.subject;
      if (child.unit_id !== unit || action === null || below.has(child.id)) continue;
      below.set(child.id, action);
      visit(child.id, action);
    }
  };
  visit(id, null);
  return below;
}

function grouped<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups;
}
