import { liftOfShowing, normalSf } from '#metrics';
import type { LotSums } from '#metrics';
import type { Baseline } from '#policies';
import type { Sql } from '../../persistence/database.js';
import type { Withhold } from '../../persistence/withhold.js';
import type { PolicyRow } from '../policy-row.js';
import { pathOf, readBaselines, segmentOf } from '../withheld-outcomes.js';

const ALPHA = 0.05;
/** Below it the two groups were not seen alike; the level that sample ratios are checked at elsewhere. */
const MISMATCH = 0.001;
const MOST_ITEMS = 200;

interface Rates {
  /** Settled decisions, and their mean outcome; null without one. */
  readonly shown: number;
  readonly withheld: number;
  readonly shownMean: number | null;
  readonly withheldMean: number | null;
  /** `shownMean` minus `withheldMean`; null (and `reason` says why) where it cannot be estimated. */
  readonly lift: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly reason: 'nothing_shown' | 'nothing_withheld' | 'too_few_lots' | null;
}

export interface LiftItem extends Rates {
  readonly subject: string | null;
  readonly id: string;
  readonly title: string | null;
  /** What an incremental reward is compared with from now on, with its standard error; null where nothing is known. */
  readonly baseline: number | null;
  readonly baselineError: number | null;
}

/** One place of the slates. */
export interface SlotLift extends Rates {
  /** 0-based. */
  readonly slot: number;
}

export interface IncrementalityView {
  readonly withhold: Withhold | null;
  /** The reward is incremental: the policy learns the lift. */
  readonly incremental: boolean;
  readonly alpha: number;
  /** Of all actions together, in the shares in which the policy chose them. */
  readonly total: Rates;
  /** Whether what was withheld was seen as often as its share says: the two groups are alike only if so. */
  readonly balance: {
    readonly expected: number | null;
    readonly observed: number | null;
    readonly pValue: number | null;
    readonly mismatch: boolean;
  };
  /** Of slates, place by place, whatever stood there; empty for single choices. */
  readonly slots: readonly SlotLift[];
  /** Actions by settled decisions, at most 200. */
  readonly items: readonly LiftItem[];
  readonly actions: number;
}

interface Row extends SumsRow {
  readonly subject: string;
  readonly action_id: string;
  readonly title: string | null;
}

interface SlotRow extends SumsRow {
  readonly slot: number;
}

interface SumsRow extends LotSums {
  readonly withheld: boolean;
  /** Every outcome is 0 or 1. */
  readonly isRate: boolean;
  /** Expected number of withheld decisions, and its variance. */
  readonly expected: number;
  readonly variance: number;
}

/**
 * All settled choices with a lot that share it are one cluster: the lot is what was randomised. Of slates each place has a
 * lot of its own, kept with what was chosen for it.
 */
const ONE = `
with one as (
  select coalesce(r.subject, '') as subject, r.action_id, d.unit_id, r.position, d.kind = 'slate' as slate,
    false as withheld, coalesce(r.outcome, r.reward) as y,
    1 - case when d.kind = 'slate' then (d.chosen -> r.position ->> 'lot')::float8 else d.withhold_propensity end as share
  from reward r join decision d on d.id = r.decision_id and d.at = r.decision_at
  where r.policy_id = $1 and r.definition = $2 and r.decision_at >= $3 and d.at >= $3
    and (d.kind = 'slate' and d.withheld is not null and d.chosen -> r.position ->> 'lot' is not null
      and d.chosen -> r.position ->> 'withheld' is null
      or d.kind = 'action' and d.withheld = false) and ($4::text is null or r.subject = $4)
  union all
  select coalesce(w.subject, ''), w.action_id, w.unit_id, w.position, d.kind = 'slate', true, w.outcome,
    case when d.kind = 'slate' then (d.chosen -> w.position ->> 'lot')::float8 else d.withhold_propensity end
  from withheld_outcome w join decision d on d.id = w.decision_id and d.at = w.decision_at
  where w.policy_id = $1 and w.definition = $2 and w.decision_at >= $3 and d.at >= $3
    and ($4::text is null or w.subject = $4))`;

const SUMS = `count(*)::int as clusters,
  sum(n)::float8 as decisions, sum(y) as sum, sum(y * y) as "sumSquares", sum(n * y) as "sumProducts",
  sum(n * n) as "sizeSquares", bool_and(rates) as "isRate", sum(n * share) as expected,
  sum(n * n * share * (1 - share)) as variance`;

const LOT_SUMS = `count(*)::float8 as n, sum(y) as y, bool_and(y in (0, 1)) as rates, avg(share) as share`;

const LOTS = `${ONE},
lot as (
  select subject, action_id, withheld, unit_id, ${LOT_SUMS} from one group by subject, action_id, withheld, unit_id)
select subject, action_id, (select title from item where id = action_id) as title, withheld, ${SUMS}
from lot group by subject, action_id, withheld order by subject, action_id, withheld`;

const SLOTS = `${ONE},
lot as (
  select position, subject, action_id, withheld, unit_id, ${LOT_SUMS} from one where slate
  group by position, subject, action_id, withheld, unit_id)
select position as slot, withheld, ${SUMS} from lot group by position, withheld order by position, withheld`;

const NONE: LotSums = {
  clusters: 0,
  decisions: 0,
  sum: 0,
  sumSquares: 0,
  sumProducts: 0,
  sizeSquares: 0,
};

/**
 * What showing each action brings: mean outcome of the decisions that showed it, minus that of those that chose it and
 * withheld it by lot. The comparison is within an action, so it does not matter whom the policy chose it for.
 */
export async function incrementalityOf(
  sql: Sql,
  policy: PolicyRow,
  { since, subject }: { readonly since: Date; readonly subject: string | null },
): Promise<IncrementalityView> {
  const asked = [policy.id, policy.reward_version, since, subject];
  const rows = await sql.query<Row & Record<string, unknown>>(LOTS, asked);
  const slotRows = await sql.query<SlotRow & Record<string, unknown>>(SLOTS, asked);
  const baselineOf = await readBaselines(sql, policy);
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.subject, row.action_id]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const items = [...groups.values()].map((group) => itemOf(group, policy, baselineOf));
  items.sort((a, b) => b.shown + b.withheld - a.shown - a.withheld || (a.id < b.id ? -1 : 1));
  return {
    withhold: policy.withhold,
    incremental: policy.reward?.incremental !== undefined,
    alpha: ALPHA,
    total: ratesOf(rows),
    balance: balanceOf(rows),
    slots: [...new Set(slotRows.map(({ slot }) => slot))].map((slot) => ({
      slot,
      ...ratesOf(slotRows.filter((row) => row.slot === slot)),
    })),
    items: items.slice(0, MOST_ITEMS),
    actions: items.length,
  };
}

function itemOf(
  group: readonly Row[],
  policy: PolicyRow,
  baselineOf: (path: readonly string[]) => Baseline | null,
): LiftItem {
  const { action_id: id, subject, title } = group[0] as Row;
  // Where baselines go by context as well, that of an unknown context is the action's own.
  const path = pathOf(subject, id, segmentOf({}, policy.reward?.incremental?.by));
  const baseline = baselineOf(path);
  const variance = baseline?.variance ?? null;
  return {
    subject: subject === '' ? null : subject,
    id,
    title,
    ...ratesOf(group),
    baseline: baseline?.mean ?? null,
    baselineError: variance === null ? null : Math.sqrt(variance),
  };
}

function ratesOf(rows: readonly SumsRow[]): Rates {
  const shown = rows.filter(({ withheld }) => !withheld).reduce(add, NONE);
  const withheld = rows.filter((row) => row.withheld).reduce(add, NONE);
  const counts = {
    shown: shown.decisions,
    withheld: withheld.decisions,
    shownMean: shown.decisions > 0 ? shown.sum / shown.decisions : null,
    withheldMean: withheld.decisions > 0 ? withheld.sum / withheld.decisions : null,
  };
  const result = liftOfShowing(shown, withheld, { alpha: ALPHA, binary: rows.every(({ isRate }) => isRate) });
  if (result.status === 'ok') {
    const { lift, lower, upper } = result;
    return { ...counts, lift, lower, upper, reason: null };
  }
  const none = { lift: null, lower: null, upper: null };
  if (shown.decisions === 0) return { ...counts, ...none, reason: 'nothing_shown' };
  return { ...counts, ...none, reason: withheld.decisions === 0 ? 'nothing_withheld' : 'too_few_lots' };
}

const add = (a: LotSums, b: LotSums): LotSums => ({
  clusters: a.clusters + b.clusters,
  decisions: a.decisions + b.decisions,
  sum: a.sum + b.sum,
  sumSquares: a.sumSquares + b.sumSquares,
  sumProducts: a.sumProducts + b.sumProducts,
  sizeSquares: a.sizeSquares + b.sizeSquares,
});

/** Number of withheld decisions against its expectation, lots being what was drawn. */
function balanceOf(rows: readonly SumsRow[]): IncrementalityView['balance'] {
  const total = (of: (row: SumsRow) => number): number => rows.reduce((sum, row) => sum + of(row), 0);
  const decisions = total((row) => row.decisions);
  if (decisions === 0) return { expected: null, observed: null, pValue: null, mismatch: false };
  const [expected, withheld] = [
    total((row) => row.expected),
    total((row) => (row.withheld ? row.decisions : 0)),
  ];
  const variance = total((row) => row.variance);
  const pValue = variance > 0 ? 2 * normalSf(Math.abs(withheld - expected) / Math.sqrt(variance)) : null;
  return {
    expected: expected / decisions,
    observed: withheld / decisions,
    pValue,
    mismatch: pValue !== null && pValue < MISMATCH,
  };
}
