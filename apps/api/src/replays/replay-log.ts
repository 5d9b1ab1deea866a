import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { DomainError } from '#experiments';
import type { Context } from '#experiments';
import { compileExploration, policyRegistry } from '#policies';
import { Problem } from '../http/problem.js';
import type { Sql } from '../persistence/database.js';
import { contextSql, givenFeatures, readRules } from '../persistence/feature-rules.js';
import type { FeatureRules } from '../persistence/feature-rules.js';
import type { Answering } from '../serving/answering.js';
import { DecisionsStore } from '../serving/decisions.store.js';
import { missingFeatures } from '../serving/replay-decision.js';
import { PolicySource } from './policy-source.js';
import type { StoredPolicy } from './policy-source.js';
import { readCursor, replayKey, writeCursor } from './replay-cursor.js';
import type { ReplayCursor } from './replay-cursor.js';
import { replayRow } from './replay-row.js';
import type { LoggedDecision, ReplayedDecision } from './replay-row.js';
import { MOST_DAYS } from './replay.schemas.js';
import type { ReplayBody, ReplayCandidate } from './replay.schemas.js';
import { NO_SUMS, add, skip, totalsOf } from './replay-totals.js';
import type { ReplaySums, ReplayTotals } from './replay-totals.js';

export interface ReplayPage {
  readonly policyId: string;
  readonly candidate: {
    readonly policyId: string;
    readonly key: string;
    /** `logged`: of each decision the version that served it. */
    readonly version: number | 'logged';
  };
  readonly from: string;
  readonly to: string;
  readonly items: readonly ReplayedDecision[];
  /** Of this page and all before it. */
  readonly totals: ReplayTotals;
  /** Time of the last decision looked at; null when there was none. */
  readonly replayedTo: string | null;
  /** Null at the end. */
  readonly nextCursor: string | null;
}

const DAY = 86_400_000;
/** Serving comes first: others get their turn this often, and a page ends early after so long. */
const TURN_MS = 10;
const PAGE_MS = 1500;
const MOST_VERSIONS = 16;

const loggedSql = (rules: FeatureRules): string => `
select id, at, unit_id, surface, subject, kind, chosen, propensity, policy_version, candidates,
  ${contextSql(rules, 'decision')} as context, features, seed, slice
from decision
where policy_id = $1 and at >= $2 and at < $3 and (at, id) > ($2, $4) and fallback is null
  and policy_version is not null and kind <> 'value' and cardinality(candidates) > 0
order by at, id limit $5`;

/** Features that a request gave of its actions, as far as policies may know them now. */
const toldOf = (features: LoggedDecision['features'], rules: FeatureRules): LoggedDecision['features'] =>
  features &&
  Object.fromEntries(Object.entries(features).map(([id, given]) => [id, givenFeatures(rules, given)]));

/** Puts logged requests through a candidate, page by page. Holds nothing between pages and writes nothing. */
export class ReplayLog {
  private readonly policies: PolicySource;
  private readonly decisions: DecisionsStore;

  constructor(
    private readonly db: Sql,
    private readonly monotonic: () => number = () => performance.now(),
  ) {
    this.policies = new PolicySource(db);
    this.decisions = new DecisionsStore(db);
  }

  /** @throws Problem 400, 404, or 422 when the candidate cannot answer. */
  async page(policyId: string, body: ReplayBody): Promise<ReplayPage> {
    const logging = await this.policies.find(policyId);
    if (!logging) throw Problem.notFound('The policy', policyId);
    const stored = await this.candidateOf(logging, body.candidate);
    const cursor = beginning(policyId, body, stored, logging);
    const answers = await this.compiler(stored, body.candidate, cursor.version);
    const rules = await readRules(this.db);
    const logged = await this.db.query<LoggedDecision & Record<string, unknown>>(loggedSql(rules), [
      policyId,
      new Date(cursor.afterAt),
      new Date(cursor.to),
      cursor.afterId,
      body.limit,
    ]);
    const rows = logged.map((row) => ({ ...row, features: toldOf(row.features, rules) }));
    const { items, sums, last } = await this.replay(rows, answers, cursor.sums, body.show);
    const isOver = last === rows.at(-1) && rows.length < body.limit;
    const next = last && { ...cursor, afterAt: last.at.getTime(), afterId: last.id, sums };
    return {
      policyId,
      candidate: {
        policyId: stored.config.id,
        key: stored.config.key,
        version: cursor.version ?? 'logged',
      },
      from: new Date(cursor.from).toISOString(),
      to: new Date(cursor.to).toISOString(),
      items,
      totals: totalsOf(sums),
      replayedTo: last ? last.at.toISOString() : null,
      nextCursor: isOver || !next ? null : writeCursor(next),
    };
  }

  private async candidateOf(logging: StoredPolicy, candidate: ReplayCandidate): Promise<StoredPolicy> {
    const { policyId = logging.config.id } = candidate;
    const stored = policyId === logging.config.id ? logging : await this.policies.find(policyId);
    if (!stored)
      throw Problem.invalid('/candidate/policyId', 'unknown_policy', `there is no policy "${policyId}"`);
    if (stored !== logging && candidate.version === 'logged') {
      throw Problem.invalid(
        '/candidate/version',
        'not_logged',
        'must be a number for another policy: its versions did not serve these decisions',
      );
    }
    checkTerms(stored, candidate);
    return stored;
  }

  /** Compiles a version once per page; a log rarely has many. */
  private async compiler(
    stored: StoredPolicy,
    candidate: ReplayCandidate,
    version: number | null,
  ): Promise<(row: LoggedDecision) => Promise<Answering>> {
    if (version !== null) {
      const answers = await this.policies.at(stored, version, candidate);
      return () => Promise.resolve(answers);
    }
    const compiled = new Map<string, Promise<Answering>>();
    return ({ policy_version: served, slice }) => {
      const key = `${served} ${slice ?? ''}`;
      const known = compiled.get(key);
      if (known) return known;
      if (compiled.size >= MOST_VERSIONS) compiled.clear();
      const answers = this.policies.at(stored, served, { ...candidate, slice });
      compiled.set(key, answers);
      return answers;
    };
  }

  private async replay(
    rows: readonly LoggedDecision[],
    answersFor: (row: LoggedDecision) => Promise<Answering>,
    before: ReplaySums,
    show: ReplayBody['show'],
  ): Promise<{ items: ReplayedDecision[]; sums: ReplaySums; last: LoggedDecision | undefined }> {
    const features = await this.decisions.items([...new Set(rows.flatMap((row) => row.candidates))]);
    const begun = this.monotonic();
    const items: ReplayedDecision[] = [];
    let sums = before;
    let turn = begun;
    let last: LoggedDecision | undefined;
    for (const row of rows) {
      const found = await replayOrSkip(row, answersFor, features);
      sums = 'reason' in found ? skip(sums, found.reason, found.detail) : add(sums, found);
      if (!('reason' in found) && (show === 'all' || !found.same)) items.push(found);
      last = row;
      const now = this.monotonic();
      if (now - begun > PAGE_MS) break;
      if (now - turn > TURN_MS) {
        await yieldToOthers();
        turn = this.monotonic();
      }
    }
    return { items, sums, last };
  }
}

type Skipped = { readonly reason: Parameters<typeof skip>[1]; readonly detail: string };

async function replayOrSkip(
  row: LoggedDecision,
  answersFor: (row: LoggedDecision) => Promise<Answering>,
  items: ReadonlyMap<string, { readonly features: Context }>,
): Promise<ReplayedDecision | Skipped> {
  const gap = missingFeatures(row);
  if (gap !== null) return { reason: 'features_not_kept', detail: gap };
  let answers: Answering;
  try {
    answers = await answersFor(row);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { reason: 'version_not_kept', detail: error.detail };
  }
  try {
    return replayRow(row, answers, items);
  } catch (error) {
    return { reason: 'cannot_answer', detail: (error as Error).message };
  }
}

/** Where the page begins. @throws Problem 400. */
function beginning(
  policyId: string,
  body: ReplayBody,
  stored: StoredPolicy,
  logging: StoredPolicy,
): ReplayCursor {
  const of = replayKey(policyId, body.candidate);
  if (body.cursor !== undefined) return readCursor(body.cursor, of);
  const to = body.to === undefined ? Date.now() : Date.parse(body.to);
  const from = body.from === undefined ? to - DAY : Date.parse(body.from);
  if (!(from < to)) throw Problem.invalid('/from', 'empty_range', 'must be before `to`');
  if (to - from > MOST_DAYS * DAY)
    throw Problem.invalid('/from', 'too_long', `must be at most ${MOST_DAYS} days before \`to\``);
  const wanted = body.candidate.version ?? (stored === logging ? 'logged' : (stored.servingVersion ?? 0));
  const version = wanted === 'logged' ? null : wanted;
  return { of, from, to, version, afterAt: from, afterId: '', sums: NO_SUMS };
}

/** @throws Problem 400 with a pointer into the candidate. */
function checkTerms({ config }: StoredPolicy, { params, exploration }: ReplayCandidate): void {
  const check = (pointer: string, run: () => unknown): void => {
    try {
      run();
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const inside = error.pointer === undefined || error.pointer === '/' ? '' : error.pointer;
      throw Problem.invalid(`${pointer}${inside}`, error.code, error.message);
    }
  };
  if (params !== undefined) {
    const laid = Object.entries({ ...(config.params as object), ...params });
    const given = Object.fromEntries(laid.filter(([, value]) => value !== null));
    check('/candidate/params', () => policyRegistry.get(config.key).params.parse(given));
  }
  if (exploration !== undefined)
    check('/candidate/exploration', () => compileExploration(exploration.key, exploration.params));
}
