import type { Context, ContextValue } from '#experiments';
import type { Sql } from '../persistence/database.js';
import { mayKnow } from '../persistence/feature-guard.js';
import { attributeSql, contextSql, readRules } from '../persistence/feature-rules.js';
import { worthOf } from '../policies/reward.js';
import type { RewardDefinition } from '../policies/reward.js';
import { timeOf } from '../serving/decisions.store.js';

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
  /** What a policy is told of it: `history` (ids, the newest last) and the lists that say more of each entry. */
  readonly context: Context;
}

/** Lists that go with `context.history`, entry by entry; see docs/how-to/train-a-recommender.md. */
export const ALONGSIDE: readonly string[] = ['historyActions', 'historyAt', 'historyDevices'];

export const NO_HISTORY: History = { source: 'none', items: [], context: { history: [] } };

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
  readonly decision: string | null;
}

const OUTCOMES = `
select coalesce(item_id, action_id) as id, name, value, at, decision_id as decision from event
where unit_id = $1 and kind = 'outcome' and coalesce(item_id, action_id) is not null
order by at desc, id desc limit ${MOST_OUTCOMES}`;

/** The newest request of a unit that is kept, as policies may know it; null without one. */
export async function newestRequestOf(sql: Sql, unitId: string): Promise<NewestRequest | null> {
  const rules = await readRules(sql);
  const [row] = await sql.query<NewestRequest & Record<string, unknown>>(
    `select at, ${contextSql(rules, 'decision')} as context from decision where unit_id = $1 order by at desc, id desc limit 1`,
    [unitId],
  );
  return row ?? null;
}

/**
 * What a policy sees of a member's past. Clients send it as `context.history`, so the newest request says what was
 * sent, to the entry; where it sends none, it is the stored outcomes that count for the policy, as in training, with how each
 * use ended, when, and on which device it was asked for. None of it where policies may not know the history.
 * @param reward of the policy; null: every outcome that names an item counts.
 */
export async function historyOf(
  sql: Sql,
  unitId: string,
  newest: Pick<NewestRequest, 'context'> | null,
  reward: RewardDefinition | null,
): Promise<History> {
  const rows = await sql.query<OutcomeRow & Record<string, unknown>>(OUTCOMES, [unitId]);
  const known = new Map<string, OutcomeRow>();
  const ended = new Map<string, OutcomeRow>();
  for (const row of rows) {
    const counts = reward === null || (worthOf(reward, row.name, row.value) ?? 0) > 0;
    if (counts && !known.has(row.id)) known.set(row.id, row);
    if (!ended.has(row.id)) ended.set(row.id, row);
  }
  const sent = listOf(newest?.context['history']);
  if (sent.length > 0) {
    const ids = [...new Set([...sent].reverse())].slice(0, MOST_ITEMS);
    return {
      source: 'request',
      items: await titled(sql, ids, known),
      context: sentOf(newest?.context ?? {}),
    };
  }
  return storedHistory(sql, unitId, known, ended);
}

/** @param known by item its newest use that counts; @param ended by item how its newest use ended. */
async function storedHistory(
  sql: Sql,
  unitId: string,
  known: ReadonlyMap<string, OutcomeRow>,
  ended: ReadonlyMap<string, OutcomeRow>,
): Promise<History> {
  if (known.size === 0 || !(await mayKnow(sql, unitId, 'history'))) return NO_HISTORY;
  const ids = [...known.keys()].slice(0, MOST_ITEMS);
  const steps = ids.flatMap((id) => ended.get(id) ?? []).reverse();
  const context = await stepsOf(sql, steps);
  return { source: 'outcomes', items: await titled(sql, ids, known), context };
}

/** Of a context, the history with its lists; nothing else. */
function sentOf(context: Context): Context {
  const names = ['history', ...ALONGSIDE].filter((name) => Array.isArray(context[name]));
  return Object.fromEntries(names.map((name) => [name, context[name]])) as Context;
}

/** A context with this history in the place of its own. */
export function withHistory(context: Context, { context: told }: Pick<History, 'context'>): Context {
  const others = Object.entries(context).filter(([name]) => name !== 'history' && !ALONGSIDE.includes(name));
  return { ...Object.fromEntries(others), ...told };
}

/** @param steps how uses ended, the newest last. */
async function stepsOf(sql: Sql, steps: readonly OutcomeRow[]): Promise<Context> {
  const decisions = steps.flatMap(({ decision }) => decision ?? []);
  const times = decisions.map(timeOf).filter((at) => at !== null);
  const rows = await sql.query<{ id: string; device: string | null }>(
    `select id, ${attributeSql(await readRules(sql), 'decision', 'device')} as device from decision
     where id = any($1) and at = any($2)`,
    [decisions, times],
  );
  const devices = new Map(rows.map(({ id, device }) => [id, device]));
  return {
    history: steps.map(({ id }) => id),
    historyActions: steps.map(({ name }) => name),
    historyAt: steps.map(({ at }) => at.toISOString()),
    historyDevices: steps.map(({ decision }) => devices.get(decision ?? '') ?? ''),
  };
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
