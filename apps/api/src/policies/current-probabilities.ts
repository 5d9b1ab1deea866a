import { DomainError, createRng } from '#experiments';
import type { Context } from '#experiments';
import { compileExploration, policyRegistry, serveAction } from '#policies';
import type { CompiledPolicy, DecisionRequest, Policy } from '#policies';
import type { Sql } from '../persistence/database.js';
import { contextSql, givenFeatures, readRules } from '../persistence/feature-rules.js';
import type { FeatureRules } from '../persistence/feature-rules.js';
import type { PolicyRow } from './policy-row.js';
import { compileState } from '../persistence/stored-state.js';
import { readSnapshot } from './snapshot-store.js';
import type { SnapshotRow } from './snapshot-store.js';

/** Newest decisions whose requests the serving snapshot answers again. */
const SAMPLE = 25;

const newestSql = (rules: FeatureRules): string => `
select unit_id, ${contextSql(rules, 'decision')} as context, subject, candidates, features, at from decision
where policy_id = $1 and ($2::text is null or subject = $2) and kind <> 'value'
order by at desc limit $3`;

interface NewestRow {
  readonly unit_id: string;
  readonly context: Context;
  readonly subject: string | null;
  readonly candidates: string[];
  readonly features: Readonly<Record<string, Context>> | null;
  readonly at: Date;
}

/**
 * The probability with which each action would be chosen now (of slates: put first): the mean over the newest
 * requests, answered again by the serving snapshot. Empty where nothing was decided yet or nothing can be served.
 */
export async function currentProbabilities(
  tx: Sql,
  row: PolicyRow,
  subject: string | null,
): Promise<ReadonlyMap<string, number>> {
  const policy = policyRegistry.find(row.key);
  const compiled = policy ? await compileServing(tx, row, policy) : null;
  if (compiled === null) return new Map();
  const requests = await newestRequests(tx, row.id, subject, SAMPLE);
  const exploration = compileExploration(row.exploration.key, row.exploration.params ?? {});
  const sums = new Map<string, number>();
  for (const request of requests) {
    const { probabilities } = serveAction(compiled, request, exploration, row.floor, createRng('now'));
    request.actions.forEach((action, i) =>
      sums.set(action.id, (sums.get(action.id) ?? 0) + (probabilities[i] ?? 0)),
    );
  }
  return new Map([...sums].map(([id, sum]) => [id, sum / requests.length]));
}

/** The serving snapshot, ready to answer; null where nothing can be served, an altered snapshot among them. */
export async function compileServing(
  tx: Sql,
  row: PolicyRow,
  policy: Policy,
): Promise<CompiledPolicy | null> {
  const snapshot =
    row.serving_version === null || policy.learns === 'never'
      ? undefined
      : await readSnapshot(tx, row.id, row.serving_version);
  return snapshot ? compileStored(policy, snapshot) : compileState(policy, row, null);
}

/** A stored version, ready to answer; null for one that was altered or made by a program with another state version. */
export function compileStored(policy: Policy, snapshot: SnapshotRow): CompiledPolicy | null {
  try {
    return compileState(policy, snapshot, { ...snapshot, stateVersion: snapshot.state_version });
  } catch (error) {
    if (error instanceof DomainError && error.code === 'invalid_state') return null;
    throw error;
  }
}

/** The newest requests that the policy answered, as it got them. */
export async function newestRequests(
  tx: Sql,
  policyId: string,
  subject: string | null,
  count: number,
): Promise<DecisionRequest[]> {
  const rules = await readRules(tx);
  const rows = await tx.query<NewestRow & Record<string, unknown>>(newestSql(rules), [
    policyId,
    subject,
    count,
  ]);
  const ids = [...new Set(rows.flatMap((row) => row.candidates))];
  const items = await tx.query<{ id: string; features: Context }>(
    `select id, features from item where id = any($1)`,
    [ids],
  );
  const features = new Map(items.map((item) => [item.id, item.features]));
  return rows
    .filter((row) => row.candidates.length > 0)
    .map((row) => ({
      unitId: row.unit_id,
      context: row.context,
      subject: row.subject,
      actions: row.candidates.map((id) => ({
        id,
        features: givenFeatures(rules, row.features?.[id] ?? features.get(id) ?? {}),
      })),
      at: row.at.getTime(),
    }));
}
