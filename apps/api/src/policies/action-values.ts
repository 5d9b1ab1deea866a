import { actionValues } from '#metrics';
import type { ActionEstimate, ActionValue, CandidateLog } from '#metrics';
import { Problem } from '../http/problem.js';
import type { Database, Sql } from '../persistence/database.js';
import { OF_LOT, SAME_DEFINITION, otherRewards } from './comparable-rewards.js';
import type { ActionValuesQuery } from './policy.schemas.js';

/** Decisions that one answer is made of, the newest first. */
export const MOST_DECISIONS = 100_000;
/** Rows that one fetch brings into memory. */
const FETCH = 10_000;
/** Candidates of all these decisions together: what one answer may hold in memory. */
const MOST_CANDIDATES = 4_000_000;
/** Actions that one answer lists, the most served first. */
const MOST_ACTIONS = 200;
const ALPHA = 0.05;

export interface ActionValueView {
  readonly id: string;
  readonly title: string;
  /** Decisions that could have served it; those that did, and their share of all decisions counted. */
  readonly candidate: number;
  readonly served: number;
  readonly share: number;
  readonly leastPropensity: number | null;
  /** Plain mean of `served` rewards: biased. */
  readonly naiveMean: number | null;
  readonly value: ActionEstimate;
  /** Less the reference, over the decisions that could have served both; null for the reference itself. */
  readonly difference: ActionEstimate | null;
  readonly reason: ActionValue['reason'];
}

export interface ActionValuesView {
  readonly from: string;
  readonly to: string;
  readonly alpha: number;
  readonly method: 'aipw-stable-variance';
  /** Decisions counted. */
  readonly decisions: number;
  /** Rewarded decisions of the days. */
  readonly rewarded: number;
  /** There were more than one answer reads: it is made of the newest ones. */
  readonly sample: boolean;
  /** Rewarded decisions whose distribution is not stored or does not name what was served: slates among them. */
  readonly leftOut: number;
  /** Of another version of the definition, or without a lot where the reward is incremental: not in `rewarded`. */
  readonly otherRewards: number;
  readonly reference: string | null;
  /** How the reference was chosen. */
  readonly referenceIs: 'asked-for' | 'highest-value' | null;
  readonly actionsLeftOut: number;
  readonly items: readonly ActionValueView[];
}

interface RewardedRow {
  readonly unit: string;
  readonly action: string;
  readonly reward: number;
  readonly candidates: readonly string[];
  readonly probabilities: readonly number[] | null;
}

const COUNT = `
select count(*)::int as rewarded from reward r
where policy_id = $1 and decision_at >= $2 and decision_at < $3 and position = 0 and ($4::text is null or subject = $4)
  and ${SAME_DEFINITION} and ${OF_LOT}`;

const READ = `
declare action_values no scroll cursor for
select d.unit_id as unit, r.action_id as action, r.reward, d.candidates,
       case when d.kind = 'action' then d.probabilities end as probabilities
from (select decision_id, decision_at, action_id, r.reward from reward r
       where policy_id = $1 and decision_at >= $2 and decision_at < $3 and position = 0
         and ($4::text is null or subject = $4) and ${SAME_DEFINITION} and ${OF_LOT}
       order by decision_at desc, decision_id desc limit $5) r
join decision d on d.id = r.decision_id and d.at = r.decision_at and d.at >= $2 and d.at < $3
order by r.decision_at desc, r.decision_id desc`;

/** Puts rows, the newest first, together to a log in order of time; numbers units and actions in order of appearance. */
export class CandidateLogBuilder {
  /** Rows read, and those of them without a distribution. */
  read = 0;
  leftOut = 0;
  private readonly actions = new Map<string, number>();
  private readonly unitNumbers = new Map<string, number>();
  private readonly columns = {
    rewards: [] as number[],
    chosen: [] as number[],
    units: [] as number[],
    starts: [0],
    candidates: [] as number[],
    probabilities: [] as number[],
  };

  get ids(): string[] {
    return [...this.actions.keys()];
  }

  get isFull(): boolean {
    return this.columns.candidates.length >= MOST_CANDIDATES;
  }

  add({ unit, action, reward, candidates, probabilities }: RewardedRow): void {
    this.read += 1;
    const served = probabilities?.[candidates.indexOf(action)] ?? 0;
    if (probabilities?.length !== candidates.length || !(served > 0)) {
      this.leftOut += 1;
      return;
    }
    const { columns } = this;
    columns.rewards.push(reward);
    columns.chosen.push(numberOf(this.actions, action));
    columns.units.push(numberOf(this.unitNumbers, unit));
    candidates.forEach((id, i) => {
      columns.candidates.push(numberOf(this.actions, id));
      columns.probabilities.push(probabilities[i] as number);
    });
    columns.starts.push(columns.candidates.length);
  }

  log(): CandidateLog {
    const { rewards, chosen, units, starts, candidates, probabilities } = this.columns;
    return {
      actions: this.actions.size,
      rewards: Float64Array.from(rewards).reverse(),
      chosen: Uint32Array.from(chosen).reverse(),
      units: Uint32Array.from(units).reverse(),
      starts: starts.map((start) => candidates.length - start).reverse(),
      candidates: Uint32Array.from(candidates).reverse(),
      probabilities: Float64Array.from(probabilities).reverse(),
    };
  }
}

function numberOf(numbers: Map<string, number>, name: string): number {
  const known = numbers.get(name);
  if (known !== undefined) return known;
  numbers.set(name, numbers.size);
  return numbers.size - 1;
}

/**
 * What each action of a policy is worth, from the rewards of its own decisions; see `actionValues`. Reads at most
 * MOST_DECISIONS, the newest, in pieces: `sample` says when there were more.
 * @throws Problem 400 for a baseline that was no candidate.
 */
export async function actionValuesOf(
  db: Database,
  id: string,
  { subject, days, baseline }: ActionValuesQuery,
  now: Date,
  limit = MOST_DECISIONS,
): Promise<ActionValuesView> {
  const from = new Date(now.getTime() - days * 86_400_000);
  const range = [id, from, now, subject ?? null];
  const built = new CandidateLogBuilder();
  const rewarded = await db.transaction(async (tx) => {
    const [counted] = await tx.query<{ rewarded: number }>(COUNT, range);
    await tx.query(READ, [...range, limit]);
    for (;;) {
      const rows = await tx.query<RewardedRow & Record<string, unknown>>(`fetch ${FETCH} from action_values`);
      for (const row of rows) built.add(row);
      if (rows.length < FETCH || built.isFull) break;
    }
    await tx.query('close action_values');
    return counted?.rewarded ?? 0;
  });
  const { ids } = built;
  const reference = baseline === undefined ? undefined : referenceOf(ids, baseline);
  const made = actionValues(built.log(), { alpha: ALPHA, reference, weights: 'past' });
  const found = made.ok ? made.value : { reference: null, decisions: 0, actions: [] };
  const ranked = found.actions
    .map((action, a) => ({ id: ids[a] as string, ...action }))
    .sort((a, b) => b.served - a.served || (a.id < b.id ? -1 : 1));
  const shown = ranked.slice(0, MOST_ACTIONS);
  const titles = await titlesOf(
    db,
    shown.map((action) => action.id),
  );
  return {
    from: from.toISOString(),
    to: now.toISOString(),
    alpha: ALPHA,
    method: 'aipw-stable-variance',
    decisions: found.decisions,
    rewarded,
    sample: rewarded > built.read,
    leftOut: built.leftOut,
    otherRewards: await otherRewards(db, id, from, subject ?? null),
    reference: found.reference === null ? null : (ids[found.reference] as string),
    referenceIs: found.reference === null ? null : baseline === undefined ? 'highest-value' : 'asked-for',
    actionsLeftOut: ranked.length - shown.length,
    items: shown.map((action) => ({
      ...action,
      title: titles.get(action.id) ?? action.id,
      share: action.served / found.decisions,
    })),
  };
}

function referenceOf(ids: readonly string[], baseline: string): number {
  const at = ids.indexOf(baseline);
  if (at >= 0) return at;
  const known = ids.slice(0, 20).join(', ');
  throw Problem.invalid(
    '/baseline',
    'unknown_action',
    known === '' ? 'no decision of these days counts' : `must be a candidate of these days, such as ${known}`,
  );
}

async function titlesOf(sql: Sql, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await sql.query<{ id: string; title: string }>(
    `select id, title from item where id = any($1)`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row.title]));
}
