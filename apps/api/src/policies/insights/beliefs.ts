import { createRng, DomainError } from '#experiments';
import type { Context } from '#experiments';
import { compileExploration, policyRegistry, probabilityBestBelief, serveAction } from '#policies';
import type { Belief, CompiledPolicy, DecisionRequest } from '#policies';
import { Problem } from '../../http/problem.js';
import type { Sql } from '../../persistence/database.js';
import { compileServing, compileStored, newestRequests } from '../current-probabilities.js';
import type { PolicyRow } from '../policy-row.js';
import { readSnapshot } from '../snapshot-store.js';

/** Points of a curve of density. */
const POINTS = 81;
/** Deviations to each side that a curve shows. */
const REACH = 4;
/** Versions that the history goes through. */
const STEPS = 24;

export interface BeliefView {
  readonly id: string;
  readonly title: string;
  /** What would be drawn from now, exploration and floor included. */
  readonly probability: number;
  /**
   * Probability to have the largest mean reward, by these beliefs taken as independent; null for policies that do not say,
   * and for more than 50 actions.
   */
  readonly best: number | null;
  /** Mean of what the policy believes about the reward; null for policies that do not say. */
  readonly mean: number | null;
  readonly sd: number | null;
  /** Density of that belief over `grid`; null for policies that do not say. */
  readonly density: readonly number[] | null;
}

/** Whether the best action is known, for policies that search for it. */
export interface WinnerView {
  /** Highest mean so far, and the action that is hardest to tell from it. */
  readonly leader: string;
  readonly challenger: string;
  /** Likelihood ratio of the two in nats, and what it must exceed (Garivier and Kaufmann 2016). */
  readonly statistic: number;
  readonly threshold: number;
  /** The leader is the best with the confidence that was asked for. */
  readonly declared: boolean;
}

export interface BeliefsView {
  readonly version: number | null;
  readonly subject: string | null;
  readonly at: Date | null;
  readonly context: Context;
  readonly grid: readonly number[];
  readonly items: readonly BeliefView[];
  /** Null for policies that search for no winner, and while there are fewer than two actions. */
  readonly winner: WinnerView | null;
}

/** What the serving snapshot believes about the actions of one request: the newest one, or the newest about a subject. */
export async function beliefsOf(sql: Sql, row: PolicyRow, subject: string | null): Promise<BeliefsView> {
  const policy = policyRegistry.get(row.key);
  const compiled = await compileServing(sql, row, policy);
  const [request] = await newestRequests(sql, row.id, subject, 1);
  const nothing = { at: null, context: {}, grid: [], items: [], winner: null };
  const empty = { version: row.serving_version, subject, ...nothing };
  if (!compiled || !request) return empty;
  const { probabilities } = draw(compiled, request, row);
  const beliefs = compiled.decides === 'action' ? compiled.beliefs?.(request) : undefined;
  const scores = compiled.scores?.(request);
  const grid = beliefs ? gridOf(beliefs) : [];
  const best = beliefs ? probabilityBestBelief(beliefs) : null;
  const titles = await titlesOf(sql, request);
  return {
    version: row.serving_version,
    subject: request.subject,
    at: new Date(request.at),
    context: request.context,
    grid,
    items: request.actions
      .map(({ id }, i) => ({
        id,
        title: titles.get(id) ?? id,
        probability: probabilities[i] as number,
        best: best?.[i] ?? null,
        ...believed(beliefs?.[i], scores?.[i], grid),
      }))
      .sort((a, b) => b.probability - a.probability),
    winner: winnerOf(compiled, request),
  };
}

const believed = (
  belief: Belief | undefined,
  score: number | undefined,
  grid: readonly number[],
): Pick<BeliefView, 'mean' | 'sd' | 'density'> =>
  belief
    ? { mean: belief.mean, sd: belief.sd, density: densityOver(grid, belief) }
    : { mean: score ?? null, sd: null, density: null };

function winnerOf(compiled: CompiledPolicy, request: DecisionRequest): WinnerView | null {
  const found = compiled.decides === 'action' ? compiled.bestArm?.(request) : undefined;
  const leader = request.actions[found?.leader ?? -1];
  const challenger = request.actions[found?.runnerUp ?? -1];
  if (!found || !leader || !challenger) return null;
  const { statistic, threshold, winner } = found;
  return { leader: leader.id, challenger: challenger.id, statistic, threshold, declared: winner !== null };
}

export interface BeliefHistory {
  readonly actions: readonly string[];
  readonly points: readonly {
    readonly version: number;
    readonly at: Date;
    readonly probabilities: Readonly<Record<string, number>>;
  }[];
}

/** The same request answered by the versions that are kept, evenly over time: how sure the policy has become. */
export async function beliefHistory(
  sql: Sql,
  row: PolicyRow,
  subject: string | null,
): Promise<BeliefHistory> {
  const policy = policyRegistry.get(row.key);
  const [request] = await newestRequests(sql, row.id, subject, 1);
  if (!request) return { actions: [], points: [] };
  const versions = await sql.query<{ version: number; at: Date }>(
    `select version, created_at as at from (
       select version, created_at, row_number() over (order by version) as nth, count(*) over () as n
         from policy_snapshot where policy_id = $1 and status = 'accepted') kept
      where (nth * $2) / n <> ((nth - 1) * $2) / n order by version`,
    [row.id, STEPS],
  );
  const points: { version: number; at: Date; probabilities: Record<string, number> }[] = [];
  for (const { version, at } of versions) {
    const snapshot = await readSnapshot(sql, row.id, version);
    const compiled = snapshot ? compileStored(policy, snapshot) : null;
    if (compiled === null) continue;
    const { probabilities } = draw(compiled, request, row);
    points.push({
      version,
      at,
      probabilities: Object.fromEntries(request.actions.map(({ id }, i) => [id, probabilities[i] as number])),
    });
  }
  return { actions: request.actions.map(({ id }) => id), points };
}

function draw(compiled: CompiledPolicy, request: DecisionRequest, row: PolicyRow) {
  try {
    const exploration = compileExploration(row.exploration.key, row.exploration.params ?? {});
    return serveAction(compiled, request, exploration, row.floor, createRng('beliefs'));
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw Problem.conflict('cannot_serve', `The policy cannot answer its newest request: ${error.message}`);
  }
}

function gridOf(beliefs: readonly Belief[]): number[] {
  const least = Math.min(...beliefs.map(({ mean, sd }) => mean - REACH * sd));
  const most = Math.max(...beliefs.map(({ mean, sd }) => mean + REACH * sd));
  const from = Math.max(least, Math.min(...beliefs.map(({ from: bound }) => bound ?? -Infinity)));
  const to = Math.min(most, Math.max(...beliefs.map(({ to: bound }) => bound ?? Infinity)));
  return Array.from({ length: POINTS }, (_, i) => from + ((to - from) * i) / (POINTS - 1));
}

/** The belief's density over the grid, with area 1 under it there. */
function densityOver(grid: readonly number[], belief: Belief): number[] {
  const logs = grid.map((x) => belief.logDensity(x));
  const most = logs.reduce(
    (largest, one) => (Number.isFinite(one) ? Math.max(largest, one) : largest),
    -Infinity,
  );
  const heights = logs.map((one) => (Number.isFinite(one) ? Math.exp(one - most) : 0));
  const step = ((grid.at(-1) as number) - (grid[0] as number)) / (grid.length - 1);
  const area = step * heights.reduce((sum, height) => sum + height, 0);
  return heights.map((height) => (area > 0 ? height / area : 0));
}

async function titlesOf(sql: Sql, request: DecisionRequest): Promise<ReadonlyMap<string, string>> {
  const rows = await sql.query<{ id: string; title: string }>(
    `select id, title from item where id = any($1)`,
    [request.actions.map(({ id }) => id)],
  );
  return new Map(rows.map(({ id, title }) => [id, title]));
}
