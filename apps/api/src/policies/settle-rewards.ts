import type { Context, Json } from '#experiments';
import { policyRegistry } from '#policies';
import type { Lot } from '#policies';
import type { Sql } from '../persistence/database.js';
import { readRules, titleFeatures } from '../persistence/feature-rules.js';
import { ITEM_FEATURES_AT } from '../persistence/item-past.js';
import { readKnown, writeChanges } from './correct-rewards.js';
import type { ChangedReward, IncrementalParts } from './correct-rewards.js';
import type { PolicyRow } from './policy-row.js';
import { settle } from './reward.js';
import type { LinkedEvent, PositionReward, ServedDecision, ServedPosition, Settlement } from './reward.js';
import { readUnitOutcomes } from './unit-outcomes.js';
import { mayLearnFrom, rewardsOf } from './incremental-rewards.js';
import { readWithinOutcomes } from './within-outcomes.js';
import { recordWithheld } from './withheld-outcomes.js';
import type { WithheldOutcome } from './withheld-outcomes.js';

export interface SettleResult {
  /** Due decisions taken. */
  readonly decisions: number;
  /** Rewards written that were not there before. */
  readonly rewards: number;
  /** Rewards that were learned already and turned out to be others; each waits as a compensating update. */
  readonly corrected: number;
  /** Decisions that nobody saw; never learned from. */
  readonly unexposed: number;
  /** Outcomes of a slate that name none of its actions. */
  readonly unattributed: number;
}

export interface SettleTimes {
  readonly now: Date;
  /** Windows that closed later than this stay open. */
  readonly through: Date;
}

/** Version of a reward that waits to be learned, and of one that its policy never learns from. */
export const WAITING = 0;
export const NOT_LEARNED = -1;

/** A decision as far as its reward depends on it. */
export interface DecisionRow {
  readonly id: string;
  readonly at: Date;
  readonly unit_id: string;
  readonly kind: 'value' | 'action' | 'slate';
  readonly chosen: Json;
  readonly subject: string | null;
  readonly propensity: number;
  readonly exposed: boolean;
  readonly fallback: string | null;
  readonly features: Readonly<Record<string, Context>> | null;
  readonly slice: string | null;
  readonly context: Context;
  readonly withheld: boolean | null;
  readonly withhold_propensity: number | null;
}

interface EventRow extends Omit<LinkedEvent, 'at'> {
  readonly decision_id: string;
  readonly at: Date;
}

/** Clocks of clients run ahead and behind: an event's own time may lie up to a day before its decision's. */
const CLOCK_SKEW_MS = 86_400_000;

const TAKE_DUE = `
delete from reward_due where decision_id in (
  select decision_id from reward_due where policy_id = $1 and due_at <= $2
  order by due_at, decision_id limit $3 for update skip locked)
returning decision_id, decision_at`;

const READ_DECISIONS = `
select id, at, unit_id, kind, chosen, subject, propensity, exposed, fallback, features, slice, context, withheld,
  withhold_propensity
from decision
where id = any($1) and at between $2 and $3`;

const READ_EVENTS = `
select decision_id, id, kind, at, name, value, action_id as "actionId", item_id as "itemId", position from event
where decision_id = any($1) and at >= $2 and at <= $3`;

const WRITE_REWARDS = `
insert into reward (decision_id, position, policy_id, subject, action_id, reward, propensity, decision_at, settled_at,
  version, features, definition, signals, outcome, baseline)
select r.decision_id, r.position, $1, r.subject, r.action_id, r.reward, r.propensity, r.decision_at, $2, r.version, r.features, $12,
  nullif(r.signals, 'null'), r.outcome, r.baseline
from unnest($3::int[], $4::text[], $5::int[], $6::text[], $7::text[], $8::float8[], $9::float8[], $10::timestamptz[], $11::jsonb[],
  $13::jsonb[], $14::float8[], $15::float8[])
  as r (version, decision_id, position, subject, action_id, reward, propensity, decision_at, features, signals, outcome,
    baseline)
on conflict (decision_id, position) do nothing
returning decision_id`;

/** A place of a stored slate. */
interface LoggedEntry {
  readonly id: string;
  readonly propensity: number;
  readonly lot?: number;
  readonly withheld?: boolean;
  readonly instead?: string;
}

/** The actions that a stored decision served. */
export function servedPositions(
  decision: Pick<DecisionRow, 'kind' | 'chosen' | 'propensity'>,
): ServedPosition[] {
  if (decision.kind === 'action') {
    return [{ actionId: String(decision.chosen), position: 0, propensity: decision.propensity }];
  }
  if (decision.kind !== 'slate' || !Array.isArray(decision.chosen)) return [];
  return (decision.chosen as unknown as readonly LoggedEntry[]).map(
    ({ id, propensity, lot, withheld, instead }, position) => ({
      actionId: id,
      position,
      propensity,
      ...(lot === undefined ? {} : { lot: { withheld: withheld === true, propensity: lot } }),
      ...(instead === undefined ? {} : { instead }),
    }),
  );
}

/**
 * Takes the policy's closed attribution windows and writes their rewards, inside the caller's transaction and under
 * the policy's lock. Whatever is settled twice counts once: a decision comes again when an outcome of its window arrives
 * late, or when its policy's reward was defined anew, and then a reward that differs is corrected.
 * @param learns whether the rewards wait to be learned.
 * @param limit most decisions to take.
 */
export async function settleDue(
  tx: Sql,
  policy: PolicyRow,
  learns: boolean,
  { now, through }: SettleTimes,
  limit: number,
): Promise<SettleResult> {
  const due = await tx.query<{ decision_id: string; decision_at: Date }>(TAKE_DUE, [
    policy.id,
    through,
    limit,
  ]);
  if (due.length === 0 || policy.reward === null) return nothing(due.length);
  const { decisions, eventsOf } = await readDue(tx, policy, due, now);
  const known = await readKnown(
    tx,
    decisions.map(({ id }) => id),
  );
  const rows: RewardRow[] = [];
  const changes: ChangedReward[] = [];
  const withheld: WithheldOutcome[] = [];
  const rewardOf = await rewardsOf(tx, policy);
  let unexposed = 0;
  let unattributed = 0;
  for (const decision of decisions) {
    if (decision.fallback !== null) continue;
    const result = settle(servedOf(decision), eventsOf(decision), policy.reward, policy.window_seconds);
    if (!result.exposed) unexposed += 1;
    unattributed += result.unattributed;
    for (const reward of result.rewards) {
      const before = known(decision.id, reward.position);
      const lot = lotOf(decision, reward);
      withheld.push(...withheldIn(decision, reward, lot));
      const made = rewardOf(decision, reward, lot, before);
      if (made === null) continue;
      if (!before) rows.push({ decision, reward: made, hidden: isHidden(policy, reward, result) });
      else if (policy.window_seconds > 0 || before.definition !== policy.reward_version)
        changes.push({ known: before, reward: made, decisionAt: decision.at });
    }
  }
  await recordWithheld(tx, policy, withheld, now);
  const rewards = await writeRewards(tx, policy, rows, learns, now);
  const corrected = await writeChanges(tx, policy.id, changes, policy.reward_version, now);
  await count(tx, {
    [`learn.unexposed:${policy.id}`]: unexposed,
    [`learn.unattributed:${policy.id}`]: unattributed,
    [`learn.corrected:${policy.id}`]: corrected,
  });
  return { decisions: due.length, rewards, corrected, unexposed, unattributed };
}

export const servedOf = (decision: DecisionRow): ServedDecision => ({
  at: decision.at.getTime(),
  exposed: decision.exposed,
  served: servedPositions(decision),
  subject: decision.subject,
  withheld: decision.kind === 'action' ? (decision.withheld ?? undefined) : undefined,
  byExposure: decision.withheld !== null,
});

const withheldIn = (
  decision: DecisionRow,
  { position, actionId, reward: outcome }: PositionReward,
  lot: Lot | null,
): WithheldOutcome[] => (lot?.withheld ? [{ decision, position, actionId, outcome }] : []);

/** The lot of what stands in a place; null where none was drawn. */
export function lotOf(decision: DecisionRow, { lot }: ServedPosition): Lot | null {
  if (decision.kind === 'slate') return lot ?? null;
  if (decision.withheld === null) return null;
  return { withheld: decision.withheld, propensity: decision.withhold_propensity ?? 1 };
}

/** The due decisions, and for each the events that may count for it. */
async function readDue(
  tx: Sql,
  policy: PolicyRow,
  due: readonly { readonly decision_id: string; readonly decision_at: Date }[],
  now: Date,
): Promise<{ decisions: DecisionRow[]; eventsOf: (decision: DecisionRow) => LinkedEvent[] }> {
  const times = due.map((row) => row.decision_at.getTime());
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const decisions = await tx.query<DecisionRow & Record<string, unknown>>(READ_DECISIONS, [
    due.map((row) => row.decision_id),
    new Date(from),
    new Date(to),
  ]);
  return { decisions, eventsOf: await readEvents(tx, policy, decisions, now) };
}

/** For each decision the events that may count for it under the policy's reward definition. */
export async function readEvents(
  tx: Sql,
  policy: Pick<PolicyRow, 'reward' | 'window_seconds'>,
  decisions: readonly DecisionRow[],
  now: Date,
): Promise<(decision: DecisionRow) => LinkedEvent[]> {
  if (policy.reward === null || decisions.length === 0) return () => [];
  const times = decisions.map(({ at }) => at.getTime());
  const last =
    policy.window_seconds === 0
      ? now.getTime() + CLOCK_SKEW_MS
      : Math.max(...times) + policy.window_seconds * 1000;
  const events = groupEvents(
    await tx.query<EventRow & Record<string, unknown>>(READ_EVENTS, [
      decisions.map(({ id }) => id),
      new Date(Math.min(...times) - CLOCK_SKEW_MS),
      new Date(last),
    ]),
  );
  const ofUnit = await readUnitOutcomes(tx, policy.reward, decisions, new Date(last));
  const within = await readWithinOutcomes(tx, policy.reward, decisions, new Date(last));
  return (decision) => [...(events.get(decision.id) ?? []), ...ofUnit(decision), ...within(decision)];
}

const nothing = (decisions: number): SettleResult => ({
  decisions,
  rewards: 0,
  corrected: 0,
  unexposed: 0,
  unattributed: 0,
});

function groupEvents(rows: readonly EventRow[]): Map<string, LinkedEvent[]> {
  const groups = new Map<string, LinkedEvent[]>();
  for (const row of rows) {
    const event: LinkedEvent = { ...row, at: row.at.getTime() };
    const group = groups.get(row.decision_id);
    if (group) group.push(event);
    else groups.set(row.decision_id, [event]);
  }
  return groups;
}

interface RewardRow {
  readonly decision: DecisionRow;
  readonly reward: PositionReward & IncrementalParts;
  /** Below a stand-in that was chosen, for a policy that takes it as not looked at. */
  readonly hidden: boolean;
}

/** Whether a policy takes a place as one that nobody came to: see BanditPolicy.stopsAtFirst. */
export function isHidden(
  { key }: Pick<PolicyRow, 'key'>,
  { position }: ServedPosition,
  { standInAt }: Pick<Settlement, 'standInAt'>,
): boolean {
  const policy = policyRegistry.find(key);
  return policy?.learns === 'online' && policy.stopsAtFirst === true && position > standInAt;
}

async function writeRewards(
  tx: Sql,
  policy: PolicyRow,
  rows: readonly RewardRow[],
  learns: boolean,
  now: Date,
): Promise<number> {
  if (rows.length === 0) return 0;
  const features = learns ? await readFeatures(tx, rows) : new Map<string, Context>();
  const written = await tx.query(WRITE_REWARDS, [
    policy.id,
    now,
    rows.map(({ decision, hidden, reward }) =>
      learns && !hidden && mayLearnFrom(policy, decision, lotOf(decision, reward)) ? WAITING : NOT_LEARNED,
    ),
    rows.map(({ decision }) => decision.id),
    rows.map(({ reward }) => reward.position),
    rows.map(({ decision }) => decision.subject),
    rows.map(({ reward }) => reward.actionId),
    rows.map(({ reward }) => reward.reward),
    rows.map(({ reward }) => reward.propensity),
    rows.map(({ decision }) => decision.at),
    rows.map(({ decision, reward }) => JSON.stringify(featuresOf(decision, reward.actionId, features))),
    policy.reward_version,
    rows.map(({ reward }) => JSON.stringify(reward.signals ?? null)),
    rows.map(({ reward }) => reward.outcome),
    rows.map(({ reward }) => reward.baseline),
  ]);
  return written.length;
}

/** What the request said about the action, else what was known of the item at the decision. */
export const featuresOf = (decision: DecisionRow, id: string, items: ReadonlyMap<string, Context>): Context =>
  decision.features?.[id] ?? items.get(placeOf(decision, id)) ?? {};

const placeOf = ({ at }: Pick<DecisionRow, 'at'>, id: string): string => `${at.getTime()} ${id}`;

export async function readFeatures(
  tx: Sql,
  rows: readonly {
    readonly decision: Pick<DecisionRow, 'at'>;
    readonly reward: { readonly actionId: string };
  }[],
): Promise<Map<string, Context>> {
  const rules = await readRules(tx);
  const wanted = new Map(rows.map((row) => [placeOf(row.decision, row.reward.actionId), row]));
  const items = await tx.query<{ place: string; features: Context }>(
    `select w.place, ${ITEM_FEATURES_AT('w.at')} as features
     from unnest($1::text[], $2::text[], $3::timestamptz[]) as w (place, id, at) join item i on i.id = w.id`,
    [
      [...wanted.keys()],
      [...wanted.values()].map(({ reward }) => reward.actionId),
      [...wanted.values()].map(({ decision }) => decision.at),
    ],
  );
  return new Map(items.map(({ place, features }) => [place, titleFeatures(rules, features)]));
}

/** Adds to named counters. */
export async function count(tx: Sql, amounts: Readonly<Record<string, number>>): Promise<void> {
  const entries = Object.entries(amounts).filter(([, amount]) => amount > 0);
  if (entries.length === 0) return;
  await tx.query(
    `insert into counter (name, value) select * from unnest($1::text[], $2::bigint[])
     on conflict (name) do update set value = counter.value + excluded.value`,
    [entries.map(([name]) => name), entries.map(([, amount]) => amount)],
  );
}
