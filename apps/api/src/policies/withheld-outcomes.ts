import { withheldBaselines } from '#policies';
import type { Context } from '#experiments';
import type { Sql } from '../persistence/database.js';
import type { PolicyRow } from './policy-row.js';

/** What happened after a decision whose choice was not shown. */
export interface WithheldOutcome {
  readonly decision: {
    readonly id: string;
    readonly at: Date;
    readonly unit_id: string;
    readonly subject: string | null;
    readonly context: Context;
  };
  /** Of a slate; 0 for a single choice. */
  readonly position: number;
  readonly actionId: string;
  readonly outcome: number;
}

interface Stored {
  readonly decision_id: string;
  readonly position: number;
  readonly outcome: number;
  readonly definition: number;
  readonly subject: string | null;
  readonly action_id: string;
  readonly segment: string;
}

interface Addend {
  readonly definition: number;
  readonly subject: string;
  readonly action: string;
  readonly segment: string;
  decisions: number;
  sum: number;
  squares: number;
}

const KNOWN = `
select decision_id, position, outcome, definition, subject, action_id, segment from withheld_outcome where decision_id = any($1)`;

const WRITE = `
insert into withheld_outcome (decision_id, position, decision_at, policy_id, unit_id, subject, action_id, segment, outcome,
  definition, settled_at)
select n.decision_id, n.position, n.decision_at, $1, n.unit_id, n.subject, n.action_id, n.segment, n.outcome, $2, $3
from unnest($4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::text[], $10::float8[],
    $11::int[])
  as n (decision_id, decision_at, unit_id, subject, action_id, segment, outcome, position)
on conflict (decision_id, position) do update
  set outcome = excluded.outcome, segment = excluded.segment, definition = excluded.definition, settled_at = excluded.settled_at`;

const ADD = `
insert into withheld_sum as s (policy_id, definition, subject, action_id, segment, decisions, sum, squares)
select $1, * from unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::int[], $7::float8[], $8::float8[])
on conflict (policy_id, definition, subject, action_id, segment) do update
  set decisions = s.decisions + excluded.decisions, sum = s.sum + excluded.sum, squares = s.squares + excluded.squares`;

/** The values that a baseline is estimated within, as one text. */
export const segmentOf = (context: Context, by: readonly string[] = []): string =>
  by.length === 0 ? '' : JSON.stringify(by.map((name) => context[name] ?? null));

/**
 * Writes what happened after withheld decisions, and keeps the sums of it, inside the caller's transaction: a place
 * counts once in the sums, however often it is settled, with the outcome and the definition it was settled with last.
 */
export async function recordWithheld(
  tx: Sql,
  policy: PolicyRow,
  found: readonly WithheldOutcome[],
  now: Date,
): Promise<void> {
  if (found.length === 0) return;
  const definition = policy.reward_version;
  const by = policy.reward?.incremental?.by;
  const stored = await tx.query<Stored & Record<string, unknown>>(KNOWN, [
    found.map(({ decision }) => decision.id),
  ]);
  const known = new Map(stored.map((row) => [`${row.decision_id}/${row.position}`, row]));
  const addends = new Map<string, Addend>();
  const changed = found.filter(({ decision, position, actionId, outcome }) => {
    const before = known.get(`${decision.id}/${position}`);
    if (before?.outcome === outcome && before.definition === definition) return false;
    if (before) addTo(addends, { ...before, subject: before.subject, action: before.action_id }, -1);
    const segment = segmentOf(decision.context, by);
    addTo(addends, { definition, subject: decision.subject, action: actionId, segment, outcome }, 1);
    return true;
  });
  if (changed.length === 0) return;
  await tx.query(WRITE, [
    policy.id,
    definition,
    now,
    changed.map(({ decision }) => decision.id),
    changed.map(({ decision }) => decision.at),
    changed.map(({ decision }) => decision.unit_id),
    changed.map(({ decision }) => decision.subject),
    changed.map(({ actionId }) => actionId),
    changed.map(({ decision }) => segmentOf(decision.context, by)),
    changed.map(({ outcome }) => outcome),
    changed.map(({ position }) => position),
  ]);
  await addSums(tx, policy.id, [...addends.values()]);
}

function addTo(
  addends: Map<string, Addend>,
  row: Pick<Stored, 'definition' | 'subject' | 'segment' | 'outcome'> & { readonly action: string },
  sign: 1 | -1,
): void {
  const { definition, action, segment, outcome } = row;
  const subject = row.subject ?? '';
  const key = JSON.stringify([definition, subject, action, segment]);
  const addend = addends.get(key) ?? {
    definition,
    subject,
    action,
    segment,
    decisions: 0,
    sum: 0,
    squares: 0,
  };
  addend.decisions += sign;
  addend.sum += sign * outcome;
  addend.squares += sign * outcome * outcome;
  addends.set(key, addend);
}

async function addSums(tx: Sql, policyId: string, addends: readonly Addend[]): Promise<void> {
  await tx.query(ADD, [
    policyId,
    addends.map(({ definition }) => definition),
    addends.map(({ subject }) => subject),
    addends.map(({ action }) => action),
    addends.map(({ segment }) => segment),
    addends.map(({ decisions }) => decisions),
    addends.map(({ sum }) => sum),
    addends.map(({ squares }) => squares),
  ]);
}

/** What the baselines of a policy's present reward definition are computed from. */
export async function readBaselines(
  sql: Sql,
  policy: PolicyRow,
): Promise<ReturnType<typeof withheldBaselines>> {
  const sums = await sql.query<{
    path: string[];
    decisions: number;
    sum: number;
    squares: number;
  }>(
    `select array[subject, action_id, segment] as path, decisions, sum, squares from withheld_sum
     where policy_id = $1 and definition = $2 and decisions > 0
     order by subject collate "C", action_id collate "C", segment collate "C"`,
    [policy.id, policy.reward_version],
  );
  return withheldBaselines(sums);
}

/** Where a decision stands in the hierarchy of baselines. */
export const pathOf = (subject: string | null, actionId: string, segment: string): string[] => [
  subject ?? '',
  actionId,
  segment,
];
