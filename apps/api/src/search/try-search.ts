import { Inject, Injectable } from '@nestjs/common';
import type { Context } from '#experiments';
import { allowedBy } from '#policies';
import type { Action, DecisionRequest, Ranker, Reason } from '#policies';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Sql } from '../persistence/database.js';
import { readGuard } from '../persistence/feature-guard.js';
import type { FeatureGuard } from '../persistence/feature-guard.js';
import { policyRowOf } from '../policies/policy-row.js';
import type { PolicyRow } from '../policies/policy-row.js';
import { PolicySource } from '../replays/policy-source.js';
import type { Answering } from '../serving/answering.js';
import { rankedOf } from '../serving/deal.js';
import type { TrySearchBody } from './search.schemas.js';

export interface TriedItem {
  readonly id: string;
  readonly title: string;
  readonly features: Context;
  readonly score: number;
  /** What the score is the sum of, the greatest part first. */
  readonly reasons: readonly Reason[];
}

export interface TriedSearch {
  readonly policy: {
    readonly id: string;
    readonly key: string;
    readonly title: string;
    readonly version: number;
  };
  readonly query: string;
  readonly mode: 'text' | 'voice';
  /** Titles that can be shown, and those of them that answer the query. */
  readonly candidates: number;
  readonly found: number;
  readonly items: readonly TriedItem[];
}

type Catalogue = readonly (Action & { readonly title: string })[];

/** Compiled versions that are kept: one panel asks again and again. */
const KEPT = 4;

/** Asks a policy what it would find, best first and without exploration. Serves nobody and records no decision. */
@Injectable()
export class TrySearch {
  private readonly kept = new Map<string, Answering>();

  constructor(@Inject(Database) private readonly db: Database) {}

  /** @throws Problem 404, or 422 for a policy that answers no queries, or a version that cannot answer. */
  async search(policyId: string, body: TrySearchBody): Promise<TriedSearch> {
    const row = await policyRowOf(this.db, policyId);
    const version = body.version ?? row.serving_version ?? 0;
    const answers = await this.answering(row, version);
    const { compiled } = answers.policy;
    if (compiled.decides !== 'slate' || !compiled.reasons)
      throw new Problem(422, 'not_a_search', `The policy "${row.key}" answers no queries`);
    const guard = await readGuard(this.db, undefined);
    const catalogue = await catalogueOf(this.db, kindOf(answers), guard);
    const { query, mode } = body;
    const said = { ...(body.context as Context), history: body.history, query, mode };
    const { context } = guard.tell(said, '');
    const request = { unitId: '', context, subject: null, actions: catalogue, at: Date.now() };
    const found = rankedOf(answers.policy, request, said);
    return {
      policy: { id: row.id, key: row.key, title: row.title, version },
      query,
      mode,
      candidates: catalogue.length,
      found: found.length,
      items: ranked(compiled, answers, { ...request, actions: found }, body.limit),
    };
  }

  private async answering(row: PolicyRow, version: number): Promise<Answering> {
    const key = JSON.stringify([row.id, version, row.params, row.updated_at]);
    const known = this.kept.get(key);
    if (known) return known;
    const source = new PolicySource(this.db);
    const stored = await source.find(row.id);
    if (!stored) throw Problem.notFound('The policy', row.id);
    const answers = await source.at(stored, version);
    if (this.kept.size >= KEPT) this.kept.delete(this.kept.keys().next().value as string);
    this.kept.set(key, answers);
    return answers;
  }
}

const kindOf = ({ params }: Answering): string =>
  (params as { readonly itemKind?: string } | null)?.itemKind ?? 'title';

async function catalogueOf(sql: Sql, kind: string, guard: FeatureGuard): Promise<Catalogue> {
  const rows = await sql.query<{ id: string; title: string; features: Context } & Record<string, unknown>>(
    'select id, title, features from item where kind = $1 and subject is null and available order by position, id',
    [kind],
  );
  return rows.map((row) => ({ ...row, features: guard.title(row.features) }));
}

function ranked(
  compiled: Ranker,
  { policy }: Answering,
  request: DecisionRequest,
  limit: number,
): TriedItem[] {
  if (request.actions.length === 0) return [];
  const scores = compiled.scores(request).slice();
  const allowed = allowedBy(policy.config.params, request);
  return request.actions
    .map((action, i) => ({ action, i, score: scores[i] as number }))
    .filter(({ i }) => allowed?.[i] !== 0)
    .sort((a, b) => b.score - a.score || a.i - b.i)
    .slice(0, limit)
    .map(({ action: { id, title, features }, i, score }) => ({
      id,
      title: title ?? id,
      features,
      score,
      reasons: compiled.reasons?.(request, i) ?? [],
    }));
}
