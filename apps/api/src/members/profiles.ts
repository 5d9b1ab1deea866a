import { Inject, Injectable } from '@nestjs/common';
import { policyRegistry } from '#policies';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Transaction } from '../persistence/database.js';
import { findPolicyRow } from '../policies/policy-row.js';
import type { PolicyRow } from '../policies/policy-row.js';
import { PolicySource } from '../replays/policy-source.js';
import { candidatesOf } from './candidates.js';
import { consentsOf } from './consents.js';
import type { ConsentsView } from './consents.js';
import { auditLook, unitHash } from './look.js';
import { historyOf, newestRequestOf, withHistory } from './member.js';
import type { History, NewestRequest, Used } from './member.js';
import type { ProfileQuery } from './member.schemas.js';
import { personalisationOf } from './personalisation.js';
import type { PersonalisationView } from './personalisation.js';
import { reasonsFor } from './reasons.js';
import type { Because } from './reasons.js';

export interface BelievedItem {
  readonly id: string;
  readonly title: string;
  readonly score: number;
  /** Items of the history without which the score would be lower, the strongest first. */
  readonly because: readonly (Because & { readonly title: string })[];
}

export interface Believed {
  readonly policy: {
    readonly id: string;
    readonly title: string;
    readonly key: string;
    readonly version: number;
  };
  readonly historySource: History['source'];
  /** The best titles now that the member has not used, by this policy's score. */
  readonly items: readonly BelievedItem[];
  readonly candidates: number;
  /** Why there are no items; null where there are. */
  readonly error: string | null;
}

export interface MixPart {
  readonly value: string;
  readonly items: number;
  readonly share: number;
}

export interface MemberProfile extends PersonalisationView, ConsentsView {
  readonly unitId: string;
  readonly erasedAt: Date | null;
  readonly newestRequest: NewestRequest | null;
  readonly history: Pick<History, 'source' | 'items'>;
  readonly feature: string;
  /** What the history is made of, by a feature; an item with several values counts in parts. */
  readonly mix: readonly MixPart[];
  /** Empty for a member who is not personalised: nobody may ask on their behalf either. */
  readonly believed: readonly Believed[];
}

const MOST_POLICIES = 5;

/** What is believed about a member, for the people who answer for it. Every look is audited. */
@Injectable()
export class Profiles {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** @throws Problem 400 for a policy that is not there. */
  async profile(unitId: string, query: ProfileQuery, acting: Acting): Promise<MemberProfile> {
    await auditLook(this.db, acting, 'unit.profile', unitId);
    return this.db.transaction(async (tx) => {
      await tx.query('set transaction isolation level repeatable read, read only');
      const newest = await newestRequestOf(tx, unitId);
      const history = await historyOf(tx, unitId, newest, null);
      const personalisation = await personalisationOf(tx, unitId);
      const believed: Believed[] = [];
      for (const row of personalisation.personalised ? await policiesOf(tx, query) : [])
        believed.push(await believedBy(tx, row, { unitId, newest, limit: query.limit }));
      return {
        unitId,
        erasedAt: await erasedAtOf(tx, unitId),
        ...personalisation,
        ...(await consentsOf(tx, unitId)),
        newestRequest: newest,
        history: { source: history.source, items: history.items },
        feature: query.feature,
        mix: mixOf(history.items, query.feature),
        believed,
      };
    });
  }
}

export async function erasedAtOf(tx: Transaction, unitId: string): Promise<Date | null> {
  const [row] = await tx.query<{ at: Date }>('select erased_at as at from erased_unit where unit_hash = $1', [
    Buffer.from(unitHash(unitId), 'hex'),
  ]);
  return row?.at ?? null;
}

/** The one that was asked for, else those that learn in training runs and serve. */
async function policiesOf(tx: Transaction, { policyId }: ProfileQuery): Promise<PolicyRow[]> {
  if (policyId !== undefined) {
    const row = await findPolicyRow(tx, policyId);
    if (!row) throw Problem.invalid('/policyId', 'unknown_policy', `there is no policy "${policyId}"`);
    return [row];
  }
  const keys = policyRegistry.list().filter(({ learns }) => learns === 'batch');
  return tx.query<PolicyRow & Record<string, unknown>>(
    `select * from policy where key = any($1) and serving_version is not null order by created_at, id limit $2`,
    [keys.map(({ key }) => key), MOST_POLICIES],
  );
}

/** Kind of what the policy chooses from: of a surface where it is used, else titles. */
export async function kindOf(tx: Transaction, policyId: string): Promise<string> {
  const [row] = await tx.query<{ kind: string }>(
    `select s.candidate_kind as kind from experiment e join surface s on s.key = e.surface
     where e.status <> 'archived' and s.candidate_kind is not null
       and exists (select from jsonb_array_elements(e.arms) a where a -> 'treatment' ->> 'policyId' = $1)
     order by e.created_at desc limit 1`,
    [policyId],
  );
  return row?.kind ?? 'title';
}

interface Asked {
  readonly unitId: string;
  readonly newest: NewestRequest | null;
  readonly limit: number;
}

async function believedBy(tx: Transaction, row: PolicyRow, asked: Asked): Promise<Believed> {
  const history = await historyOf(tx, asked.unitId, asked.newest, row.reward);
  const version = row.serving_version ?? 0;
  const candidates = await candidatesOf(tx, await kindOf(tx, row.id), null);
  const shared = {
    policy: { id: row.id, title: row.title, key: row.key, version },
    historySource: history.source,
    candidates: candidates.length,
  };
  try {
    const source = new PolicySource(tx);
    const stored = await source.find(row.id);
    if (!stored) throw new Error('the policy does not exist any more');
    const { policy } = await source.at(stored, version);
    const request = {
      unitId: asked.unitId,
      context: withHistory(asked.newest?.context ?? {}, history),
      subject: null,
      actions: candidates,
      at: Date.now(),
    };
    const scores = policy.compiled.scores?.(request);
    if (!scores) throw new Error('the policy has no scores');
    const used = new Set(history.items.map(({ id }) => id));
    const best = [...candidates.keys()]
      .filter((i) => !used.has(candidates[i]?.id ?? ''))
      .sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b)
      .slice(0, asked.limit);
    const values = best.map((i) => scores[i] as number);
    const actions = best.flatMap((i) => candidates[i] ?? []);
    const because = reasonsFor(policy.compiled, { ...request, actions });
    const titles = new Map(history.items.map(({ id, title }) => [id, title]));
    const items = actions.map(({ id, title }, i) => ({
      id,
      title,
      score: values[i] as number,
      because: (because[i] ?? []).map((one) => ({ ...one, title: titles.get(one.id) ?? one.id })),
    }));
    return { ...shared, items, error: null };
  } catch (error) {
    return {
      ...shared,
      items: [],
      error: error instanceof Problem ? error.detail : (error as Error).message,
    };
  }
}

/** Shares of a feature's values among items. Items without the feature are left out. */
export function mixOf(items: readonly Pick<Used, 'features'>[], feature: string): MixPart[] {
  const parts = new Map<string, { items: number; weight: number }>();
  let total = 0;
  for (const { features } of items) {
    const given = features[feature];
    if (given === undefined || given === null || (Array.isArray(given) && given.length === 0)) continue;
    const values = Array.isArray(given) ? given : [String(given)];
    total += 1;
    for (const value of values) {
      const part = parts.get(value) ?? { items: 0, weight: 0 };
      parts.set(value, { items: part.items + 1, weight: part.weight + 1 / values.length });
    }
  }
  return [...parts]
    .map(([value, part]) => ({ value, items: part.items, share: part.weight / total }))
    .sort((a, b) => b.share - a.share || (a.value < b.value ? -1 : 1));
}
