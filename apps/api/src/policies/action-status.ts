import type { Sql } from '../persistence/database.js';
import type { PolicyRow } from './policy-row.js';

export type ActionStatus = 'warm-up' | 'active' | 'frozen' | 'retired';

/** When each action (of slates: what stood first) was served first, as far back as decisions are kept. */
export async function firstSeenOf(
  sql: Sql,
  policyId: string,
  subject: string | null,
): Promise<ReadonlyMap<string, Date>> {
  const rows = await sql.query<{ id: string; at: Date }>(
    `select case kind when 'slate' then chosen -> 0 ->> 'id' else chosen #>> '{}' end as id, min(at) as at from decision
     where policy_id = $1 and fallback is null and kind <> 'value' and ($2::text is null or subject = $2) group by 1`,
    [policyId, subject],
  );
  return new Map(rows.map(({ at, id }) => [id, at]));
}

interface Worn {
  readonly key: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

function wornBy(row: PolicyRow, key: string): Worn['params'] | undefined {
  const { wrappers } = row.params as { readonly wrappers?: readonly Worn[] };
  const worn = wrappers?.find((one) => one.key === key);
  return worn && (worn.params ?? {});
}

/** Where each action stands: retired, in its warm-up, frozen with the whole policy, or active. */
export async function statusesOf(
  sql: Sql,
  row: PolicyRow,
  actions: readonly string[],
  subject: string | null,
): Promise<ReadonlyMap<string, ActionStatus>> {
  const retired = new Set((wornBy(row, 'retired')?.['actions'] ?? []) as readonly string[]);
  const cold = await coldActions(sql, row, actions, subject);
  const usual: ActionStatus = row.learning || row.latest_version === 0 ? 'active' : 'frozen';
  return new Map(
    actions.map((id) => [id, retired.has(id) ? 'retired' : cold.has(id) ? 'warm-up' : usual] as const),
  );
}

/** Actions with fewer learned decisions than the warm-up asks for, with some subject where it goes by subject. */
async function coldActions(
  sql: Sql,
  row: PolicyRow,
  actions: readonly string[],
  subject: string | null,
): Promise<ReadonlySet<string>> {
  const warmUp = wornBy(row, 'warm-up');
  if (!warmUp) return new Set();
  const counts = await sql.query<{ id: string; least: number }>(
    `select id, min(n)::int as least from (
       select action_id as id, count(*) as n from reward
       where policy_id = $1 and version > 0 and ($2::text is null or subject = $2)
       group by action_id, case when $3 then subject end) counted group by id`,
    [row.id, subject, warmUp['perSubject'] !== false],
  );
  const least = new Map(counts.map((one) => [one.id, one.least]));
  const wanted = Number(warmUp['decisions'] ?? 100);
  return new Set(actions.filter((id) => (least.get(id) ?? 0) < wanted));
}
