import type { Context, ContextValue } from '#experiments';
import type { Sql } from '../persistence/database.js';
import { worthOf } from '../policies/reward.js';
import type { RewardDefinition } from '../policies/reward.js';

/** Something a member used, as a policy sees it. */
export interface Used {
  readonly id: string;
  readonly title: string;
  readonly features: Context;
  /** Newest use; null where only the request names it. */
  readonly at: Date | null;
  /** Outcome of the newest use. */
  readonly outcome: string | null;
}

/** Where a history comes from: the newest request of the client, or the stored outcomes that count. */
export type HistorySource = 'request' | 'outcomes' | 'none';

export interface History {
  readonly source: HistorySource;
  /** Newest first, each item once. */
  readonly items: readonly Used[];
}

export interface NewestRequest {
  readonly at: Date;
  readonly context: Context;
}

/** Items of a history that are looked at: as many as clients send. */
const MOST_ITEMS = 100;
/** Outcomes that are read to find them. */
const MOST_OUTCOMES = 2000;

interface OutcomeRow {
  readonly id: string;
  readonly name: string;
  readonly value: number | null;
  readonly at: Date;
}

const OUTCOMES = `
select coalesce(item_id, action_id) as id, name, value, at from event
where unit_id = $1 and kind = 'outcome' and coalesce(item_id, action_id) is not null
order by at desc, id desc limit ${MOST_OUTCOMES}`;

/** The newest request of a unit that is kept; null without one. */
export async function newestRequestOf(sql: Sql, unitId: string): Promise<NewestRequest | null> {
  const [row] = await sql.query<NewestRequest & Record<string, unknown>>(
    `select at, context from decision where unit_id = $1 order by at desc, id desc limit 1`,
    [unitId],
  );
  return row ?? null;
}

/**
 * What a policy sees of a member's past. Clients send it as `context.history`, so the newest request says what was
 * sent; where it sends none, it is the stored outcomes that count for the policy, as in training.
 * @param reward of the policy; null: every outcome that names an item counts.
 */
export async function historyOf(
  sql: Sql,
  unitId: string,
  newest: NewestRequest | null,
  reward: RewardDefinition | null,
): Promise<History> {
  const rows = await sql.query<OutcomeRow & Record<string, unknown>>(OUTCOMES, [unitId]);
  const known = new Map<string, OutcomeRow>();
  for (const row of rows) {
    const counts = reward === null || (worthOf(reward, row.name, row.value) ?? 0) > 0;
    if (counts && !known.has(row.id)) known.set(row.id, row);
  }
  const sent = listOf(newest?.context['history']);
  const source: HistorySource = sent.length > 0 ? 'request' : known.size > 0 ? 'outcomes' : 'none';
  const ids = source === 'request' ? [...new Set([...sent].reverse())] : [...known.keys()];
  return { source, items: await titled(sql, ids.slice(0, MOST_ITEMS), known) };
}

const listOf = (value: ContextValue | undefined): readonly string[] => (Array.isArray(value) ? value : []);

async function titled(
  sql: Sql,
  ids: readonly string[],
  known: ReadonlyMap<string, OutcomeRow>,
): Promise<Used[]> {
  const rows = await sql.query<{ id: string; title: string; features: Context }>(
    `select id, title, features from item where id = any($1)`,
    [ids],
  );
  const items = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => ({
    id,
    title: items.get(id)?.title ?? id,
    features: items.get(id)?.features ?? {},
    at: known.get(id)?.at ?? null,
    outcome: known.get(id)?.name ?? null,
  }));
}

/** As the context of a request has it: ids, the newest last. */
export const asContext = ({ items }: History): string[] => items.map(({ id }) => id).reverse();
