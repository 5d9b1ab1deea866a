import type { Context, Json } from '#experiments';
import type { DecisionRequest, RewardedDecision, SlotRule } from '#policies';
import type { Transaction } from '../persistence/database.js';
import { contextSql, readRules } from '../persistence/feature-rules.js';
import type { FeatureRules } from '../persistence/feature-rules.js';
import type { Signals } from '../policies/reward.js';
import { PolicySource } from '../replays/policy-source.js';
import { slateOf } from '../serving/decision-view.js';
import type { Candidate } from './candidate.js';
import { isWhole, Items, requestOf } from './logged-items.js';
import type { LoggedRequest } from './logged-items.js';
import { CURRENT, FETCH, LEARN, inWarmStart, learnedBy } from './read-log.js';
import type { LogRange, LogSummary } from './read-log.js';
import { Respondent } from './respondent.js';
import { MOST_SLATE_CELLS, SlateColumns } from './slate-columns.js';
import type { SlateInput } from './slate-columns.js';
import { SlateLaws } from './slate-laws.js';
import { Turns } from './turns.js';
import type { ServedSlateRow } from './slate-laws.js';

interface Row extends LoggedRequest, ServedSlateRow {
  readonly decision_id: string;
  readonly chosen: Json;
  /** Positions with a settled reward: those that were seen. */
  readonly positions: readonly number[];
  readonly rewards: readonly number[];
  readonly reward_features: readonly (Context | null)[];
  readonly signals: readonly (Signals | null)[];
  readonly rn: number;
  readonly total: number;
}

/** Slates with at least one settled reward; `fresh`: the candidate has learned from none of them. */
const slatesSql = (rules: FeatureRules): string => `
select s.*, s.unlearned and not ${inWarmStart('s.decision_id')} as fresh, ${inWarmStart('s.decision_id')} as warm, (s.definition = p.reward_version and (p.reward -> 'incremental' is null or d.withheld is not null)) as current, d.unit_id, ${contextSql(rules, 'd')} as context, d.candidates, d.features, d.chosen, d.policy_version, d.slice
from (
  select r.decision_id, r.decision_at, min(r.subject) as subject, array_agg(r.position order by r.position) as positions,
    array_agg(r.reward order by r.position) as rewards,
    jsonb_agg(r.features order by r.position) as reward_features, jsonb_agg(r.signals order by r.position) as signals,
    bool_and($5::int is null or r.version > $5 or r.version < 1) as unlearned, min(r.definition) as definition
  from reward r
  where r.policy_id = $1 and r.decision_at >= $2 and r.decision_at < $3 and ($4::text is null or r.subject = $4)
  group by r.decision_id, r.decision_at) s
join decision d on d.id = s.decision_id and d.at = s.decision_at join policy p on p.id = $1
where d.at >= $2 and d.at < $3 and d.kind = 'slate' and d.fallback is null
  and (p.reward -> 'incremental' is not null or d.withheld is not true)`;

const countSql = (rules: FeatureRules): string => `
select count(*) filter (where current)::int as all, count(*) filter (where current and fresh)::int as fresh,
  count(*) filter (where current and warm)::int as warm, count(*) filter (where not current)::int as other,
  coalesce(max(cardinality(candidates) * jsonb_array_length(chosen)), 1)::int as cells from (${slatesSql(rules)}) slates`;

const readSql = (rules: FeatureRules): string => `
declare off_policy_slates no scroll cursor for
select *, row_number() over (order by decision_at, decision_id collate "C")::int as rn, count(*) over ()::int as total
from (select * from (${slatesSql(rules)}) slates where current and fresh order by decision_at desc, decision_id collate "C" desc limit $8) newest
order by rn`;

/** What the newest rewarded decision of a policy in a range chose; null where there is none. */
export async function kindOf(tx: Transaction, range: LogRange): Promise<'action' | 'slate' | null> {
  const [newest] = await tx.query<{ kind: 'action' | 'slate' }>(
    `select d.kind from reward r join decision d on d.id = r.decision_id and d.at = r.decision_at
       join policy p on p.id = r.policy_id
     where r.policy_id = $1 and r.decision_at >= $2 and r.decision_at < $3 and d.at >= $2 and d.at < $3
       and ($4::text is null or r.subject = $4) and d.kind in ('action', 'slate') and d.fallback is null and ${CURRENT}
     order by r.decision_at desc limit 1`,
    [range.policyId, range.from, range.to, range.subject],
  );
  return newest?.kind ?? null;
}

/**
 * As readLog, for slates: streams the newest ones that were seen, oldest first, and asks the candidate for its
 * distribution at every position, given what stood above. The reward of a position that nobody saw is 0.
 * @throws Problem 409 `candidate_failed` when the candidate cannot answer.
 */
export async function readSlates(
  tx: Transaction,
  range: LogRange,
  candidate: Candidate,
): Promise<{ input: SlateInput; log: LogSummary; missing: SlateLaws['missing'] }> {
  const where = [range.policyId, range.from, range.to, range.subject, ...learnedBy(candidate)];
  const rules = await readRules(tx);
  const [counts] = await tx.query<Record<'all' | 'fresh' | 'warm' | 'other' | 'cells', number>>(
    countSql(rules),
    where,
  );
  const { all = 0, fresh = 0, warm = 0, other = 0, cells = 1 } = counts ?? {};
  const limit = Math.min(range.limit, Math.max(2, Math.floor(MOST_SLATE_CELLS / cells)));
  const laws = new SlateLaws(tx, await new PolicySource(tx).find(range.policyId));
  const reader = new SlateReader(new Respondent(candidate), new Items(tx), laws, range);
  await tx.query(readSql(rules), [...where, limit]);
  for (;;) {
    const rows = await tx.query<Row & Record<string, unknown>>(`fetch ${FETCH} from off_policy_slates`);
    await reader.take(rows);
    if (rows.length < FETCH) break;
  }
  await tx.query('close off_policy_slates');
  return {
    ...reader.done(),
    log: {
      matching: fresh,
      otherReward: other,
      explored: reader.explored,
      cut: fresh > limit,
      learnedOn: reader.learnedOn,
      incomplete: reader.incomplete,
      alreadyLearned: all - fresh,
      warmStarted: warm,
    },
  };
}

class SlateReader {
  incomplete = 0;
  /** Slates, not positions. */
  learnedOn = 0;
  private readonly columns = new SlateColumns();
  private readonly turns = new Turns();

  constructor(
    private readonly respondent: Respondent,
    private readonly items: Items,
    private readonly laws: SlateLaws,
    private readonly range: LogRange,
  ) {}

  get explored(): number {
    return this.columns.explored;
  }

  async take(rows: readonly Row[]): Promise<void> {
    await this.items.load(rows);
    const whole = rows.filter((row) => {
      const served = slateOf(row.chosen).map(({ id }) => id);
      return (
        isWhole(row, served) &&
        row.signals.every((of) => this.range.signals.every((name) => name in (of ?? {})))
      );
    });
    this.incomplete += rows.length - whole.length;
    const older = whole.filter(({ rn, total }) => this.respondent.learns && rn <= total / 2);
    for (let i = 0; i < older.length; i += LEARN) {
      this.respondent.learn(older.slice(i, i + LEARN).flatMap((row) => rewarded(row, this.items)));
      await this.turns.next();
    }
    this.learnedOn += older.length;
    for (const row of whole.slice(older.length)) {
      await this.judge(row);
      await this.turns.next();
    }
  }

  done(): { input: SlateInput; missing: SlateLaws['missing'] } {
    const { missing, support } = this.laws;
    const whole = {
      slotWeight: missing.slotWeight === undefined,
      pseudoWeight: missing.pseudoWeight === undefined,
    };
    return { input: this.columns.done(support, whole), missing };
  }

  private async judge(row: Row): Promise<void> {
    const request = requestOf(row, this.items);
    const served = slateOf(row.chosen);
    const order = served.map(({ id }) => row.candidates.indexOf(id));
    const propensities = served.map(({ propensity }) => propensity);
    const law = this.respondent.slates(request);
    const target = along(law, request, order);
    const ratios = await this.laws.look(row, request, { order, propensities, target }, law);
    const seen = (valueAt: (j: number) => number): number[] => bySlot(row, served.length, valueAt);
    const rewards = seen((j) => row.rewards[j] as number);
    const signals = this.range.signals.map((name) => seen((j) => row.signals[j]?.[name] as number));
    const { unit_id: unitId, context, candidates } = row;
    const explored = row.slice === 'exploration';
    const rewarded = row.rewards.some((reward) => reward !== this.range.silence);
    const what = { order, propensities, rewards, signals, target, explored, rewarded };
    this.columns.add({ unitId, context, candidates, ...what, ...ratios });
  }
}

/** One number per position of a slate; 0 where nobody looked. @param valueAt of the j-th settled position. */
function bySlot({ positions }: Row, slots: number, valueAt: (j: number) => number): number[] {
  const values = new Array<number>(slots).fill(0);
  positions.forEach((position, j) => {
    if (position < slots) values[position] = valueAt(j);
  });
  return values;
}

/** The candidate's distribution at every position, given what stood above. */
function along(rule: SlotRule, { actions }: DecisionRequest, order: readonly number[]): Float64Array[] {
  const taken = new Uint8Array(actions.length);
  return order.map((index, place) => {
    const p = new Float64Array(actions.length);
    rule(taken, p, place);
    taken[index] = 1;
    return p;
  });
}

/** What a learner learns from a slate: one reward per position that was seen. */
function rewarded(row: Row, items: Items): RewardedDecision[] {
  const served = slateOf(row.chosen);
  return row.positions.flatMap((position, j) => {
    const entry = served[position];
    if (!entry) return [];
    const features = row.reward_features[j] ?? row.features?.[entry.id] ?? items.of(entry.id);
    const signals = row.signals[j];
    return [
      {
        decisionId: row.decision_id,
        unitId: row.unit_id,
        context: row.context,
        subject: row.subject,
        action: { id: entry.id, features },
        position,
        propensity: entry.propensity,
        reward: row.rewards[j] as number,
        ...(signals && { signals }),
        at: row.decision_at.getTime(),
      },
    ];
  });
}
