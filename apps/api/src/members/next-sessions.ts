import { Inject, Injectable } from '@nestjs/common';
import { createRng } from '#experiments';
import type { Context } from '#experiments';
import { compileExploration, offsetMinutesOf, policyRegistry, serveSlate } from '#policies';
import type { DecisionRequest, NextSession, Ranker } from '#policies';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Sql, Transaction } from '../persistence/database.js';
import { mayKnow } from '../persistence/feature-guard.js';
import { findPolicyRow } from '../policies/policy-row.js';
import type { PolicyRow } from '../policies/policy-row.js';
import { PolicySource } from '../replays/policy-source.js';
import { candidatesOf } from './candidates.js';
import type { Candidate } from './candidates.js';
import { auditLook } from './look.js';
import { historyOf, newestRequestOf, withHistory } from './member.js';
import type { NextSessionQuery } from './member.schemas.js';
import { personalisationOf } from './personalisation.js';
import { kindOf } from './profiles.js';

/** A title to load ahead. */
export interface PrefetchItem {
  readonly id: string;
  readonly title: string;
  /** That the next visit begins with it, given that it begins with a candidate. */
  readonly probability: number;
  /** In the unit of the budget; null where the title has none. */
  readonly size: number | null;
}

export interface NextSessionView {
  readonly unitId: string;
  readonly at: string;
  readonly policy: { readonly id: string; readonly title: string; readonly version: number };
  /** Null for a member whom policies may not know. */
  readonly forecast: NextSession | null;
  readonly prefetch: readonly PrefetchItem[];
  readonly candidates: number;
}

const FORESEES = 'anticipatory';
/** Outcomes that visits are found in. */
const MOST_OUTCOMES = 2000;

interface VisitParams {
  readonly visitOutcome: string | null;
  readonly visits: string;
  readonly budget: string;
  readonly size: string;
}

/** When members come back and to what. Every look is audited. */
@Injectable()
export class NextSessions {
  constructor(@Inject(Database) private readonly db: Database) {}

  /**
   * @throws Problem 400 for a policy that is not there or foresees no visits, 404 where none has been trained, 422 where its
   *   version cannot answer.
   */
  async of(unitId: string, query: NextSessionQuery, acting: Acting): Promise<NextSessionView> {
    await auditLook(this.db, acting, 'unit.profile', unitId);
    return this.db.transaction(async (tx) => {
      await tx.query('set transaction isolation level repeatable read, read only');
      const row = await policyOf(tx, query.policyId);
      const version = row.serving_version ?? 0;
      const policy = { id: row.id, title: row.title, version };
      const at = Date.now();
      const { personalised } = await personalisationOf(tx, unitId);
      const shared = { unitId, at: new Date(at).toISOString(), policy };
      if (!personalised) return { ...shared, forecast: null, prefetch: [], candidates: 0 };
      const ranker = await rankerOf(tx, row, version);
      const params = policyRegistry.get(row.key).params.parse(row.params) as VisitParams;
      const candidates = await candidatesOf(tx, await kindOf(tx, row.id), null);
      const context = await contextOf(tx, unitId, row, params, query);
      const request = { unitId, context, actions: candidates, subject: null, at };
      const hours = [...new Set([query.hours, 24, 168])].sort((a, b) => a - b);
      return {
        ...shared,
        forecast: ranker.nextSession(request, hours),
        prefetch:
          candidates.length === 0 ? [] : prefetchOf(ranker, request, candidates, params.size, query.limit),
        candidates: candidates.length,
      };
    });
  }
}

async function policyOf(tx: Transaction, policyId: string | undefined): Promise<PolicyRow> {
  if (policyId !== undefined) {
    const row = await findPolicyRow(tx, policyId);
    if (!row) throw Problem.invalid('/policyId', 'unknown_policy', `there is no policy "${policyId}"`);
    if (row.key !== FORESEES)
      throw Problem.invalid(
        '/policyId',
        'foresees_nothing',
        `"${policyId}" foresees no visits; "${FORESEES}" does`,
      );
    return row;
  }
  const [row] = await tx.query<PolicyRow & Record<string, unknown>>(
    'select * from policy where key = $1 and serving_version is not null order by created_at, id limit 1',
    [FORESEES],
  );
  if (!row) throw Problem.notFound('trained policy of the kind', FORESEES);
  return row;
}

async function rankerOf(
  tx: Transaction,
  row: PolicyRow,
  version: number,
): Promise<Ranker & Required<Pick<Ranker, 'nextSession'>>> {
  const source = new PolicySource(tx);
  const stored = await source.find(row.id);
  if (!stored) throw Problem.notFound('policy', row.id);
  const { compiled } = (await source.at(stored, version)).policy;
  if (compiled.decides !== 'slate' || !compiled.nextSession)
    throw new Problem(
      422,
      'foresees_nothing',
      `Version ${version} of the policy "${row.id}" foresees no visits`,
    );
  return { ...compiled, nextSession: compiled.nextSession.bind(compiled) };
}

/** What the policy would be told in a request now: the newest context, with the visits and titles that are stored. */
async function contextOf(
  sql: Sql,
  unitId: string,
  row: PolicyRow,
  params: VisitParams,
  { budget }: NextSessionQuery,
): Promise<Context> {
  const newest = await newestRequestOf(sql, unitId);
  const names = [params.visitOutcome, ...(row.reward?.outcomes ?? []).map(({ name }) => name)];
  const times = await sql.query<{ at: Date }>(
    `select at from event where unit_id = $1 and kind = 'outcome' and name = any($2) and at <= now()
     order by at desc limit ${MOST_OUTCOMES}`,
    [unitId, names.filter((name) => name !== null)],
  );
  const { hour: _then, weekday: _day, ...lasting } = newest?.context ?? {};
  // The hour of the newest request says where the clock of the unit stands, but it is over.
  const offset = newest ? offsetMinutesOf(newest.context, newest.at.getTime()) : null;
  return {
    ...withHistory(lasting, await historyOf(sql, unitId, newest, row.reward)),
    ...(offset === null ? {} : { utcOffsetMinutes: offset }),
    ...(budget === undefined ? {} : { [params.budget]: budget }),
    ...((await mayKnow(sql, unitId, params.visits))
      ? { [params.visits]: times.map(({ at }) => at.toISOString()) }
      : {}),
  };
}

function prefetchOf(
  ranker: Ranker,
  request: DecisionRequest,
  candidates: readonly Candidate[],
  size: string,
  limit: number,
): PrefetchItem[] {
  const { items, scores } = serveSlate(
    ranker,
    request,
    limit,
    compileExploration('greedy', {}),
    0,
    createRng('prefetch'),
  );
  return items.map(({ index }) => {
    const { id, title, features } = candidates[index] as Candidate;
    const megabytes = features[size];
    return {
      id,
      title,
      probability: scores?.[index] ?? 0,
      size: typeof megabytes === 'number' ? megabytes : null,
    };
  });
}
